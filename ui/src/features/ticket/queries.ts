// What is read of tickets. Every key begins with a noun that live events name, so that a change reads it again.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { cursorOf, everything } from "@/api/pages";
import type { operations } from "@/api/schema.gen";

export type Ticket = Schemas["Ticket"];
export type Message = Schemas["Message"];
export type Clock = Schemas["Clock"];
export type TicketFilter = NonNullable<operations["tickets_list"]["parameters"]["query"]>;

export type TicketPage = Schemas["Page_Ticket"];

/** How many rows a reading of a list brings. */
const PAGE = 200;

/** How many pages a list holds that is read anew as a whole when something changes. */
const MOST_PAGES = 5;

/** How long what was read counts as fresh while no live event says otherwise, in milliseconds. */
const FRESH = 60_000;

/** Whether a list has become too long to be read anew as a whole. */
export function isLong(list: { pages: unknown[] } | undefined): boolean {
  return (list?.pages.length ?? 0) > MOST_PAGES;
}

/** Tickets, page by page as the reader scrolls. */
export const ticketsQuery = (filter: TicketFilter) =>
  infiniteQueryOptions({
    queryKey: ["tickets", "list", filter],
    queryFn: ({ pageParam }) =>
      data(api.GET("/api/v1/tickets", { params: { query: { ...filter, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
    staleTime: ({ state }) => (isLong(state.data) ? "static" : FRESH),
    // To compare every row of a long list with every row that is read would cost more than to draw those in sight.
    structuralSharing: false,
  });

/** A ticket by its number or identifier. */
export const ticketQuery = (id: string) =>
  queryOptions({
    queryKey: ["tickets", "one", id],
    queryFn: () => data(api.GET("/api/v1/tickets/{id}", { params: { path: { id } } })),
  });

export const messagesQuery = (id: string) =>
  queryOptions({
    queryKey: ["tickets", "messages", id],
    queryFn: () => data(api.GET("/api/v1/tickets/{id}/messages", { params: { path: { id }, query: { limit: 200 } } })),
  });

export const clocksQuery = (id: string) =>
  queryOptions({
    queryKey: ["tickets", "clocks", id],
    queryFn: () => data(api.GET("/api/v1/tickets/{id}/clocks", { params: { path: { id } } })),
  });

export const explanationQuery = (id: string, commitment: string) =>
  queryOptions({
    queryKey: ["tickets", "explanation", id, commitment],
    queryFn: () =>
      data(api.GET("/api/v1/tickets/{id}/explanation", { params: { path: { id }, query: { commitment } } })),
  });

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ["tickets", "history", id],
    queryFn: () =>
      everything((cursor) =>
        data(api.GET("/api/v1/tickets/{id}/history", { params: { path: { id }, query: { limit: 200, cursor } } })),
      ),
  });
