import { expect, test } from "vitest";
import { filterOf, inboxSearch, queryOf } from "./views";

const saved = [{ id: "v1", query: "tier=Gold&status=undone" }];

test.each([
  [{}, { status: "undone" }],
  [
    { view: "mine", severity: "P1,P2" },
    { status: "undone", assignee: "me", severity: "P1,P2" },
  ],
  [
    { view: "v1", words: "login" },
    { tier: "Gold", status: "undone", words: "login" },
  ],
  [{ view: "gone" }, {}],
  [{ risk: "hour" }, { status: "undone", due_before: "2026-01-01T13:00:00.000Z" }],
  [{ risk: "whatever" }, { status: "undone" }],
  [
    { team: "t1", words: "" },
    { status: "undone", team: "t1" },
  ],
])("%j asks for %j", (search, filter) =>
  expect(filterOf(search, saved, Date.UTC(2026, 0, 1, 12, 0, 59))).toEqual(filter),
);

test("what the address should not say is left out", () => {
  expect(inboxSearch({ view: "mine", words: 42, evil: "x", team: { nested: 1 } })).toEqual({
    view: "mine",
    words: "42",
  });
});

test("a view keeps what it lists, and no instant", () => {
  expect(queryOf({ status: "undone", severity: "P1,P2", due_before: "2026-01-01T13:00:00Z", limit: 100 })).toBe(
    "status=undone&severity=P1%2CP2",
  );
});
