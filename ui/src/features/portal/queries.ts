// What the portal reads. Every key begins with a noun that live events name.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { type Title, titlesOf } from "@/parts/titles";

/** How one's own account is served: meanings, promises, people. */
export const serviceQuery = queryOptions({
  queryKey: ["policy", "portal"],
  queryFn: () => data(api.GET("/api/v1/portal/service")),
});

export const attainmentQuery = queryOptions({
  queryKey: ["clocks", "attainment", "own"],
  queryFn: () => data(api.GET("/api/v1/attainment")),
});

export const colleaguesQuery = queryOptions({
  queryKey: ["contacts", "own"],
  queryFn: () => data(api.GET("/api/v1/contacts", { params: { query: { limit: 200 } } })),
});

/** What our commitments are called. */
export function useCommitmentTitles(): ReadonlyMap<string, Title> {
  return useQuery({ ...serviceQuery, select: promisedTitles }).data ?? NO_TITLES;
}

const NO_TITLES: ReadonlyMap<string, Title> = new Map();

function promisedTitles({ promises }: Schemas["PortalService"]): ReadonlyMap<string, Title> {
  return titlesOf(promises.map(({ commitment, title }) => ({ name: commitment, title })));
}
