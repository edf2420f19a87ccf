import { expect, test } from "vitest";
import { filterOf, inboxSearch } from "./views";

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
  [
    { team: "t1", words: "" },
    { status: "undone", team: "t1" },
  ],
])("%j asks for %j", (search, filter) => expect(filterOf(search, saved)).toEqual(filter));

test("what the address should not say is left out", () => {
  expect(inboxSearch({ view: "mine", words: 42, evil: "x", team: { nested: 1 } })).toEqual({
    view: "mine",
    words: "42",
  });
});
