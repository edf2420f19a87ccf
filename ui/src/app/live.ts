// Live events: what others change reaches this screen within a second, by telling the cache what is no longer true.
import type { QueryClient } from "@tanstack/react-query";
import { createEventSource } from "eventsource-client";
import { useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { refreshNames } from "@/features/directory/names";
import { keepTrue } from "./stale";

/** Whether what is shown is kept up to date. */
export type Liveness = "connecting" | "live" | "stale";

type Listener = (change: Schemas["Change"]) => void;

let liveness: Liveness = "connecting";
const watchers = new Set<() => void>();
const listeners = new Set<Listener>();

function become(next: Liveness) {
  if (next === liveness) return;
  liveness = next;
  for (const watcher of watchers) watcher();
}

/** The state of the connection, for the banner that says that data is stale. */
export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => liveness,
  );
}

/** Hears every change until the returned function is called. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Listens for as long as somebody is signed in. */
export function listen(queries: QueryClient): () => void {
  const truth = keepTrue(queries);
  const stopNames = refreshNames(queries);
  const open = () =>
    createEventSource({
      url: new URL("/api/v1/events", location.href),
      credentials: "same-origin",
      onConnect: () => become("live"),
      onDisconnect: () => become("stale"),
      onMessage: ({ event, data }) => {
        if (event === "reload") {
          void queries.invalidateQueries();
          return;
        }
        const change = JSON.parse(data) as Schemas["Change"];
        for (const listener of listeners) listener(change);
        truth.hear(change);
      },
    });
  let source = open();
  // A page that the browser keeps for the way back must not hold a connection: a browser has few for each site.
  const leave = () => source.close();
  const comeBack = (event: PageTransitionEvent) => {
    if (!event.persisted) return;
    source.connect();
    void queries.invalidateQueries();
  };
  // A connection that nothing comes by any more looks as one that is quiet: the browser knows first that it is lost.
  const lose = () => become("stale");
  const restore = () => {
    source.close();
    // One that was closed this instant does not connect again.
    source = open();
    void queries.invalidateQueries();
  };
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", comeBack);
  window.addEventListener("offline", lose);
  window.addEventListener("online", restore);
  return () => {
    truth.stop();
    stopNames();
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("pageshow", comeBack);
    window.removeEventListener("offline", lose);
    window.removeEventListener("online", restore);
    source.close();
    become("connecting");
  };
}
