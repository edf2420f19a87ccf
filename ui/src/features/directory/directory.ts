// The people and teams who serve, known by name wherever an identifier appears.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { everything } from "@/api/pages";

export type Agent = Schemas["Agent"];
export type Team = Schemas["Team"];

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: () => everything((cursor) => data(api.GET("/api/v1/agents", { params: { query: { limit: 200, cursor } } }))),
});

export const teamsQuery = queryOptions({
  queryKey: ["teams"],
  queryFn: () => everything((cursor) => data(api.GET("/api/v1/teams", { params: { query: { limit: 200, cursor } } }))),
});

/** Agents by identifier. */
export function useAgents(): Map<string, Agent> {
  const { data: agents } = useQuery({ ...agentsQuery, select: byId });
  return agents ?? NONE;
}

/** Teams by identifier. */
export function useTeams(): Map<string, Team> {
  const { data: teams } = useQuery({ ...teamsQuery, select: byId });
  return teams ?? NONE;
}

const NONE = new Map<string, never>();

const ordered = new WeakMap<object, Map<string, unknown>>();

/** Each list is put in order once, however many ask: every row of a list may. */
function byId<T extends { id: string }>(all: T[]): Map<string, T> {
  const known = ordered.get(all) as Map<string, T> | undefined;
  const map = known ?? new Map(all.map((each) => [each.id, each]));
  ordered.set(all, map);
  return map;
}
