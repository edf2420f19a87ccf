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
  assignee?: string | undefined;
  tier?: string | undefined;
  category?: string | undefined;
  tag?: string | undefined;
  /** How near a breach must be: `late`, `hour`, `shift` or `day`. */
  risk?: string | undefined;
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

/** Whether everybody has a view, so that what it lists is known without those that are saved. */
export function isStandard(view: string | undefined): boolean {
  return view === undefined || STANDARD_VIEWS.some(({ id }) => id === view);
}

export type SavedView = Pick<Schemas["View"], "id" | "query">;
export type View = Schemas["View"];

export const viewsQuery = queryOptions({
  queryKey: ["views"],
  queryFn: async () => (await data(api.GET("/api/v1/views", { params: { query: { limit: 200 } } }))).items,
});

/** Within how many seconds something must fall due to be at that risk. */
export const RISKS = { late: 0, hour: 3600, shift: 4 * 3600, day: 86_400 } as const;

/** What narrows a view, beside words and order. */
export const NARROWING = ["team", "account", "assignee", "tier", "category", "tag", "risk", "severity"] as const;

/** The filter of a view, narrowed by what else the address says. `now` in milliseconds since 1970; whole minutes count. */
export function filterOf(search: InboxSearch, saved: SavedView[], now: number): TicketFilter {
  const { view, risk, ...narrowed } = search;
  const standard = STANDARD_VIEWS.find(({ id }) => id === (view ?? "open"));
  const own = saved.find(({ id }) => id === view);
  const base: TicketFilter = standard?.filter ?? (own ? Object.fromEntries(new URLSearchParams(own.query)) : {});
  const said = Object.entries(narrowed).filter(([, value]) => value !== undefined && value !== "");
  const within = RISKS[risk as keyof typeof RISKS];
  const minute = Math.floor(now / 60_000) * 60_000;
  const due = within === undefined ? {} : { due_before: new Date(minute + within * 1000).toISOString() };
  return { ...base, ...Object.fromEntries(said), ...due };
}

/** A filter as a view keeps it. What is due before an instant is left out: a view is looked at on another day. */
export function queryOf(filter: TicketFilter): string {
  const { due_before: _due, cursor: _cursor, limit: _limit, ...kept } = filter;
  const said = Object.entries(kept).flatMap(([key, value]) => (value ? [[key, String(value)]] : []));
  return new URLSearchParams(said).toString();
}

/** Reads what the address says, leaving out what it should not. */
export function inboxSearch(search: Record<string, unknown>): InboxSearch {
  const known = ["view", "words", "sort", ...NARROWING] as const;
  const said = known.flatMap((key) => {
    const value = search[key];
    return typeof value === "string" || typeof value === "number" ? [[key, String(value)]] : [];
  });
  return Object.fromEntries(said);
}

/** How many tickets each standard view lists. Their keys begin as those of tickets do, for they change alike. */
export const countsQuery = queryOptions({
  queryKey: ["tickets", "counts"],
  queryFn: async (): Promise<Record<string, number>> => {
    const counts = await Promise.all(
      STANDARD_VIEWS.filter(({ id }) => id !== "done").map(async ({ id, filter }) => {
        const { tickets } = await data(api.GET("/api/v1/tickets/count", { params: { query: filter } }));
        return [id, tickets] as const;
      }),
    );
    return Object.fromEntries(counts);
  },
});

/** How many tickets each saved view lists. */
export const savedCountsQuery = queryOptions({
  queryKey: ["tickets", "counts", "saved"],
  queryFn: async (): Promise<Record<string, number>> => {
    const { items } = await data(api.GET("/api/v1/views/counts"));
    return Object.fromEntries(
      items.flatMap(({ view, tickets }) => (typeof tickets === "number" ? [[view, tickets]] : [])),
    );
  },
});
