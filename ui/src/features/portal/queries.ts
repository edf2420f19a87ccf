// What the portal reads. Every key begins with a noun that live events name.
import { queryOptions } from "@tanstack/react-query";
import { api, data } from "@/api/client";

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
