// Who is signed in, and what they may do.
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";

export type Me = Schemas["Me"];

/** Who is signed in; `null` when nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async (): Promise<Me | null> => (await data(api.GET("/api/v1/sessions/current"))).me ?? null,
});

/** Whether the service has passkeys at its address. */
export const passkeysQuery = queryOptions({
  queryKey: ["passkeys-here"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => (await data(api.GET("/api/v1/sessions/current"))).passkeys,
});

/** Whether somebody must set up a second factor before they can do anything else. */
export function owesSecondFactor(me: Me): boolean {
  return me.second_factor.required && !me.second_factor.enabled;
}

/** Who is signed in, on screens that nobody else reaches. */
export function useMe(): Me {
  const { data: me } = useSuspenseQuery(meQuery);
  if (!me) throw new Error("nobody is signed in");
  return me;
}

/** Whether the signed-in person may do something, such as `tickets:write`. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}
