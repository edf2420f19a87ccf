// Who else is at a ticket, and saying that one is there oneself.
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { api, data } from "@/api/client";

type Doing = "reading" | "typing";

/** How often one says that one is still there, in milliseconds. */
const AGAIN = 30_000;

/** After how long it is said first, in milliseconds. */
const SETTLED = 60;

const path = (id: string) => ({ params: { path: { id } } });

export const presenceQuery = (id: string) =>
  queryOptions({
    queryKey: ["presence", id],
    queryFn: () => data(api.GET("/api/v1/tickets/{id}/presence", path(id))),
    refetchInterval: AGAIN,
  });

/** On which ticket one is typing. It stands beside the components, so that a ticket is not drawn again with the first letter. */
let typedOn: string | undefined;
const watchers = new Set<() => void>();

/** Tells whoever shows it whether one is typing on a ticket. */
export function sayTyping(id: string, isTyping: boolean): void {
  if (isTyping === (typedOn === id)) return;
  typedOn = isTyping ? id : undefined;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Whether one is typing on a ticket. */
export function useIsTyping(id: string): boolean {
  return useSyncExternalStore(
    watch,
    useCallback(() => typedOn === id, [id]),
  );
}

/** Says what one does at a ticket for as long as it is open, and answers who else is there. */
export function usePresence(id: string, doing: Doing) {
  const queries = useQueryClient();
  const { data: present } = useQuery(presenceQuery(id));
  useEffect(() => {
    const say = () =>
      data(api.PUT("/api/v1/tickets/{id}/presence", { ...path(id), body: { doing } }))
        .then((others) => queries.setQueryData(presenceQuery(id).queryKey, others))
        .catch(() => undefined);
    // Not while the ticket is drawn, or the first letter.
    const first = setTimeout(say, SETTLED);
    const timer = setInterval(say, AGAIN);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [id, doing, queries]);
  useEffect(() => {
    const leave = () =>
      void api.DELETE("/api/v1/tickets/{id}/presence", { ...path(id), keepalive: true }).catch(() => {});
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [id]);
  return present?.items ?? [];
}
