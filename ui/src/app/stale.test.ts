import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepTrue, urgency } from "./stale";

const HERE = "019aa2ce-0000-7000-8000-000000000001";
const ELSEWHERE = "019aa2ce-0000-7000-8000-000000000002";
const ME = "019aa2ce-0000-7000-8000-00000000000a";

const known = { me: ME, idOf: (name: string) => ({ 7: HERE, 8: ELSEWHERE, [HERE]: HERE })[name] };
const changed = { kind: "ticket.changed", ticket: HERE, account: "acme" };

test.each([
  [changed, ["tickets", "one", "7"], "now"],
  [changed, ["tickets", "messages", HERE], "now"],
  [changed, ["tickets", "messages", "8"], undefined],
  // Which ticket that is was never read, so it may be this one.
  [changed, ["tickets", "clocks", "9"], "now"],
  [changed, ["tickets", "list", { status: "undone" }], "soon"],
  [changed, ["tickets", "counts"], "soon"],
  [changed, ["account", "acme", "attainment"], "soon"],
  [changed, ["account", "other", "attainment"], undefined],
  [changed, ["agents"], undefined],
  [{ kind: "ticket.presence", ticket: HERE, subject: "another" }, ["presence", HERE], "now"],
  [{ kind: "ticket.presence", ticket: HERE, subject: ME }, ["presence", HERE], undefined],
  [{ kind: "ticket.presence", ticket: HERE, subject: "another" }, ["tickets", "one", "7"], undefined],
  [{ kind: "notification.shown", subject: ME }, ["notifications", "unread"], "now"],
  [{ kind: "notification.shown", subject: "another" }, ["notifications", "unread"], undefined],
  [{ kind: "escalation.changed", ticket: ELSEWHERE, subject: "e" }, ["escalations", "one", "e"], "now"],
  [{ kind: "escalation.changed", ticket: ELSEWHERE, subject: "e" }, ["escalations", "one", "f"], undefined],
  [{ kind: "escalation.changed", ticket: ELSEWHERE, subject: "e" }, ["escalations", "of", HERE], "now"],
  [{ kind: "escalation.changed", ticket: ELSEWHERE, subject: "e" }, ["escalations", "list"], "soon"],
  [{ kind: "policy.applied" }, ["policy"], "soon"],
])("after %j what was read as %j is read again %s", (change, key, when) => {
  expect(urgency(change, key, known)).toBe(when);
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A cache in which some queries are on the screen, and how often each was asked. */
function screen(took: number, ...keys: unknown[][]) {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 60_000, retry: false } } });
  const asked = keys.map((queryKey) => {
    const ask = vi.fn(() => new Promise((resolve) => setTimeout(() => resolve({ id: HERE }), took)));
    new QueryObserver(queries, { queryKey, queryFn: ask }).subscribe(() => undefined);
    return ask;
  });
  return { queries, times: () => asked.map((ask) => ask.mock.calls.length) };
}

test("a storm of changes reads the ticket that they name, and lists once in a while", async () => {
  const { queries, times } = screen(0, ["tickets", "one", "7"], ["tickets", "list", {}], ["agents"]);
  await vi.advanceTimersByTimeAsync(100);
  const { hear, stop } = keepTrue(queries);
  for (let at = 0; at < 40; at += 1) {
    hear(changed);
    await vi.advanceTimersByTimeAsync(100);
  }
  const [ticket, list, agents] = times();
  expect(ticket).toBeGreaterThan(10);
  expect(list).toBeGreaterThanOrEqual(4);
  expect(list).toBeLessThanOrEqual(6);
  expect(agents).toBe(1);
  // The last change is never forgotten.
  hear(changed);
  const before = times()[1] ?? 0;
  await vi.advanceTimersByTimeAsync(1500);
  expect(times()[1]).toBe(before + 1);
  stop();
});

test("a slow service is asked for its lists the less", async () => {
  const { queries, times } = screen(500, ["tickets", "list", {}]);
  await vi.advanceTimersByTimeAsync(600);
  const { hear, stop } = keepTrue(queries);
  for (let at = 0; at < 100; at += 1) {
    hear(changed);
    await vi.advanceTimersByTimeAsync(100);
  }
  // Ten seconds of changes: at once, and again five seconds after that was answered.
  expect(times()).toEqual([3]);
  stop();
});

test("what is not on the screen is read when it is shown again", async () => {
  const { queries } = screen(0);
  const queryKey = ["tickets", "list", {}];
  queries.setQueryData(queryKey, {});
  const { hear, stop } = keepTrue(queries);
  hear(changed);
  await vi.advanceTimersByTimeAsync(300);
  expect(queries.getQueryState(queryKey)?.isInvalidated).toBe(true);
  stop();
});
