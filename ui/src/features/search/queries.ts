// What is found everywhere.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { cursorOf } from "@/api/pages";

export type Found = Schemas["Found"];

/** What fits words best, whatever it is: at most `limit` of each kind. */
export const everythingQuery = (words: string, limit: number) =>
  queryOptions({
    queryKey: ["tickets", "everything", words, limit],
    queryFn: async () =>
      (await data(api.GET("/api/v1/search/everything", { params: { query: { q: words, limit } } }))).items,
  });

/** Tickets in whose subjects and messages words stand, page by page. */
export const allHitsQuery = (words: string) =>
  infiniteQueryOptions({
    queryKey: ["tickets", "all-hits", words],
    queryFn: ({ pageParam }) =>
      data(api.GET("/api/v1/search", { params: { query: { q: words, limit: 25, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
  });
