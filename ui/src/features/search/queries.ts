// What is found everywhere.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { cursorOf } from "@/api/pages";

/** The first tickets in whose subjects and messages words stand. */
export const hitsQuery = (words: string, limit: number) =>
  queryOptions({
    queryKey: ["tickets", "hits", words, limit],
    queryFn: () => data(api.GET("/api/v1/search", { params: { query: { q: words, limit } } })),
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

export const accountHitsQuery = (text: string, limit: number) =>
  queryOptions({
    queryKey: ["accounts", "hits", text, limit],
    queryFn: async () => (await data(api.GET("/api/v1/accounts", { params: { query: { text, limit } } }))).items,
  });

export const contactHitsQuery = (text: string, limit: number) =>
  queryOptions({
    queryKey: ["contacts", "hits", text, limit],
    queryFn: async () => (await data(api.GET("/api/v1/contacts", { params: { query: { text, limit } } }))).items,
  });
