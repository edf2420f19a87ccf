// What time it is for the service, which a demonstration may move on, and a tick that everything on screen shares.
import { useSyncExternalStore } from "react";
import { api, data } from "@/api/client";

let reference = { service: Date.now(), wall: Date.now(), speed: 1 };
let keeping: Promise<void> | undefined;
let now = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The present instant of the service, in milliseconds since 1970. */
export function serviceNow(): number {
  return reference.service + (Date.now() - reference.wall) * reference.speed;
}

/** Asks the service what time it is. Halves the way there and back out of the difference. */
export async function synchronise(): Promise<void> {
  const asked = Date.now();
  const time = await data(api.GET("/api/v1/time"));
  reference = { service: Date.parse(time.now), wall: (asked + Date.now()) / 2, speed: time.speed };
  tick();
}

/** Knows the time of the service before anything is drawn that depends on it; later, when it cannot be asked now. */
export function keepTime(): Promise<void> {
  keeping ??= synchronise().catch(() => {
    keeping = undefined;
  });
  return keeping;
}

function tick() {
  now = serviceNow();
  for (const watcher of watchers) watcher();
}

/**
 * What is said of the present instant, in milliseconds since 1970. Whoever shows it is drawn again when that changes, not each
 * second: the answer must be a word, a number or whatever else stays the same while it says the same.
 */
export function useAsTimePasses<T>(say: (now: number) => T): T {
  return useSyncExternalStore(watch, () => say(now));
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(tick, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present instant, so many milliseconds exact, a second if not said; what uses it is drawn again as often. */
export function useNow(exact = 1000): number {
  return useAsTimePasses((now) => Math.floor(now / exact) * exact);
}
