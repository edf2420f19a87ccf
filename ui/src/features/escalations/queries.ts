// What is read of escalations.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { cursorOf } from "@/api/pages";

export type Escalation = Schemas["Escalation"];
export type EscalationRecord = Schemas["EscalationRecord"];
export type EscalationPhase = Schemas["EscalationPhase"];

export const escalationsQuery = (filter: { phase: EscalationPhase; mine?: boolean }) =>
  infiniteQueryOptions({
    queryKey: ["escalations", "list", filter],
    queryFn: ({ pageParam }) =>
      data(api.GET("/api/v1/escalations", { params: { query: { ...filter, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
  });

export const escalationQuery = (id: string) =>
  queryOptions({
    queryKey: ["escalations", "one", id],
    queryFn: () => data(api.GET("/api/v1/escalations/{id}", { params: { path: { id } } })),
  });
