import { createFileRoute } from "@tanstack/react-router";
import { serviceNow } from "@/app/time";
import { Inbox } from "@/features/inbox/inbox";
import { countsQuery, filterOf, inboxSearch, isStandard, viewsQuery } from "@/features/inbox/views";
import { ticketsQuery } from "@/features/ticket/queries";

export const Route = createFileRoute("/_work/inbox")({
  validateSearch: inboxSearch,
  loaderDeps: ({ search }) => search,
  // Begun before the screen is drawn. Whoever only passes over a link to a view asks for nothing.
  loader: ({ context: { queries }, deps, cause }) => {
    if (cause === "preload") return;
    const saved = queries.getQueryData(viewsQuery.queryKey);
    if (saved || isStandard(deps.view)) {
      void queries.prefetchInfiniteQuery(ticketsQuery(filterOf(deps, saved ?? [], serviceNow())));
    }
    void queries.prefetchQuery(viewsQuery);
    void queries.prefetchQuery(countsQuery);
  },
  component: Inbox,
});
