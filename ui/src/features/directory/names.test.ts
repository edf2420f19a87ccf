import { expect, test, vi } from "vitest";
import { gatherer } from "./names";

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
