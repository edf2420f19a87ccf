import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { gatherer, nameQuery, refreshNames } from "./names";

afterEach(() => vi.useRealTimers());

test("what is asked for at once is asked once", async () => {
  const ask = vi.fn(
    async (ids: string[]) => new Map(ids.filter((id) => id !== "x").map((id) => [id, `name of ${id}`])),
  );
  const nameOf = gatherer(ask);
  expect(await Promise.all([nameOf("a"), nameOf("b"), nameOf("a"), nameOf("x")])).toEqual([
    "name of a",
    "name of b",
    "name of a",
    null,
  ]);
  expect(ask.mock.calls).toEqual([[["a", "b", "x"]]]);
  await nameOf("a");
  expect(ask).toHaveBeenCalledTimes(2);
});

test("more than the service tells at once is asked in parts", async () => {
  const ask = vi.fn(async (ids: string[]) => new Map(ids.map((id) => [id, id])));
  const nameOf = gatherer(ask);
  await Promise.all(Array.from({ length: 450 }, (_, number) => nameOf(String(number))));
  expect(ask.mock.calls.map(([ids]) => ids.length)).toEqual([200, 200, 50]);
});

test("names are read again by one clock, and rows have none of their own", async () => {
  vi.useFakeTimers();
  const queries = new QueryClient({ defaultOptions: { queries: { gcTime: Number.POSITIVE_INFINITY } } });
  const ask = vi.fn(async () => "Acme");
  for (const id of ["a", "b", "c"]) {
    new QueryObserver(queries, { ...nameQuery(id), queryFn: ask }).subscribe(() => undefined);
  }
  await vi.advanceTimersByTimeAsync(1);
  expect([ask.mock.calls.length, vi.getTimerCount()]).toEqual([3, 0]);
  const stop = refreshNames(queries);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(6);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});
