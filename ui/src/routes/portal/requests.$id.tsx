import { createFileRoute } from "@tanstack/react-router";
import { RequestPage } from "@/features/portal/request-page";
import { messagesQuery, ticketQuery } from "@/features/ticket/queries";

export const Route = createFileRoute("/portal/requests/$id")({
  loader: ({ context: { queries }, params: { id } }) => {
    void queries.prefetchQuery(messagesQuery(id));
    return queries.ensureQueryData(ticketQuery(id));
  },
  component: function OneRequest() {
    const { id } = Route.useParams();
    return <RequestPage key={id} id={id} />;
  },
});
