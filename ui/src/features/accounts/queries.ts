// What is read of accounts. Every key begins with a noun that live events name, so that a change reads it again.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { cursorOf, everything } from "@/api/pages";
import type { operations } from "@/api/schema.gen";
import { versioned } from "@/api/versioned";

export type Account = Schemas["Account"];
export type AccountSummary = Schemas["AccountSummary"];
export type Contact = Schemas["Contact"];
export type Contract = Schemas["Contract"];
export type AccountFilter = NonNullable<operations["accounts_list"]["parameters"]["query"]>;

export const accountsQuery = (filter: AccountFilter) =>
  infiniteQueryOptions({
    queryKey: ["accounts", "list", filter],
    queryFn: ({ pageParam }) =>
      data(api.GET("/api/v1/accounts", { params: { query: { ...filter, limit: 100, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
  });

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ["accounts", "one", id],
    queryFn: () => versioned(api.GET("/api/v1/accounts/{id}", { params: { path: { id } } })),
  });

export const contractsQuery = (account: string) =>
  queryOptions({
    queryKey: ["contracts", account],
    queryFn: () =>
      everything((cursor) =>
        data(
          api.GET("/api/v1/accounts/{id}/contracts", {
            params: { path: { id: account }, query: { limit: 200, cursor } },
          }),
        ),
      ),
  });

export const contactsQuery = (account: string) =>
  queryOptions({
    queryKey: ["contacts", account],
    queryFn: () =>
      everything((cursor) => data(api.GET("/api/v1/contacts", { params: { query: { account, limit: 200, cursor } } }))),
  });

/** How the promises that began in a span were kept; the last 90 days where no span is given. */
export const attainmentQuery = (account: string, span?: { from: string; until: string }) =>
  queryOptions({
    queryKey: ["account", account, "attainment", span],
    queryFn: () =>
      data(api.GET("/api/v1/accounts/{id}/attainment", { params: { path: { id: account }, query: span ?? {} } })),
  });

export const accountFactsQuery = (account: string) =>
  infiniteQueryOptions({
    queryKey: ["accounts", "ledger", account],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/api/v1/accounts/{id}/ledger", {
          params: { path: { id: account }, query: { limit: 50, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
  });
