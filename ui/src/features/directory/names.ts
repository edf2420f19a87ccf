// What those whom answers mention by identifier are called. Whatever a screen asks for at once is one request.
import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";

/** As many as the service tells at once. */
const MOST = 200;

type Ask = (ids: string[]) => Promise<Map<string, string>>;

/** Gathers what is asked for in the same turn of the event loop, and asks for all of it together. */
export function gatherer(ask: Ask): (id: string) => Promise<string | null> {
  let waiting = new Map<string, Promise<string | null>>();
  let batch: Promise<Map<string, string>> | undefined;
  return (id) => {
    const asked = waiting.get(id);
    if (asked) return asked;
    batch ??= Promise.resolve().then(async () => {
      const ids = [...waiting.keys()];
      waiting = new Map();
      batch = undefined;
      const parts = Array.from({ length: Math.ceil(ids.length / MOST) }, (_, part) =>
        ask(ids.slice(part * MOST, (part + 1) * MOST)),
      );
      return new Map((await Promise.all(parts)).flatMap((names) => [...names]));
    });
    const name = batch.then((names) => names.get(id) ?? null);
    waiting.set(id, name);
    return name;
  };
}

const nameOf = gatherer(async (ids) => {
  const names = await data(api.GET("/api/v1/names", { params: { query: { ids: ids.join(",") } } }));
  return new Map(names.items.map(({ id, name }) => [id, name]));
});

/**
 * The name that belongs to an identifier; `null` where nobody bears it. It never grows old by itself, or every row of a list had a timer
 * of its own: `refreshNames` reads all of them again in one turn.
 */
export const nameQuery = (id: string) =>
  queryOptions({ queryKey: ["names", id], queryFn: () => nameOf(id), staleTime: Number.POSITIVE_INFINITY });

/** How often names are read again, in milliseconds: nothing tells of a name that changed. */
const AGAIN = 60_000;

/** Reads the names on the screen again from time to time, all with one request, until the returned function is called. */
export function refreshNames(queries: QueryClient): () => void {
  const timer = setInterval(() => {
    // Nobody sees what is behind another tab.
    if (!document.hidden) void queries.invalidateQueries({ queryKey: ["names"] });
  }, AGAIN);
  return () => clearInterval(timer);
}

/** The name that belongs to an identifier, as soon as it is known. */
export function useName(id: string | null | undefined): string | undefined {
  const { data: name } = useQuery({ ...nameQuery(id ?? ""), enabled: Boolean(id) });
  return name ?? undefined;
}
