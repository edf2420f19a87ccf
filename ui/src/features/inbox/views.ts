// Which tickets a view of the inbox shows.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import type { TicketFilter } from "@/features/ticket/queries";

/** What the address of the inbox says. */
export interface InboxSearch {
  /** A standard view or the identifier of a saved one; `open` when absent. */
  view?: string | undefined;
  team?: string | undefined;
  account?: string | undefined;
  severity?: string | undefined;
  words?: string | undefined;
  sort?: string | undefined;
}

/** The views that everybody has. */
export const STANDARD_VIEWS = [
  { id: "open", filter: { status: "undone" } },
  { id: "mine", filter: { status: "undone", assignee: "me" } },
  { id: "unassigned", filter: { status: "undone", assignee: "none" } },
  { id: "waiting", filter: { status: "pending_customer" } },
  { id: "critical", filter: { status: "undone", severity: "P1" } },
  { id: "done", filter: { status: "done", sort: "-updated" } },
] as const satisfies { id: string; filter: TicketFilter }[];

export type SavedView = Pick<Schemas["View"], "id" | "query">;

export const viewsQuery = queryOptions({
  queryKey: ["views"],
  queryFn: async () => (await data(api.GET("/api/v1/views", { params: { query: { limit: 200 } } }))).items,
});

/** The filter of a view, narrowed by what else the address says. */
export function filterOf(search: InboxSearch, saved: SavedView[]): TicketFilter {
  const { view, ...narrowed } = search;
  const standard = STANDARD_VIEWS.find(({ id }) => id === (view ?? "open"));
  const own = saved.find(({ id }) => id === view);
  const base: TicketFilter = standard?.filter ?? (own ? Object.fromEntries(new URLSearchParams(own.query)) : {});
  const said = Object.entries(narrowed).filter(([, value]) => value !== undefined && value !== "");
  return { ...base, ...Object.fromEntries(said) };
}

/** Reads what the address says, leaving out what it should not. */
export function inboxSearch(search: Record<string, unknown>): InboxSearch {
  const known = ["view", "team", "account", "severity", "words", "sort"] as const;
  const said = known.flatMap((key) => {
    const value = search[key];
    return typeof value === "string" || typeof value === "number" ? [[key, String(value)]] : [];
  });
  return Object.fromEntries(said);
}
