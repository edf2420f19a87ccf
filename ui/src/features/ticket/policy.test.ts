import { expect, test } from "vitest";
import { wordsOf } from "./policy";

test("what a policy lacks is empty, and a category without a title bears its name", () => {
  expect(wordsOf({})).toEqual({ categories: [], ladders: [] });
  expect(
    wordsOf({
      categories: [{ name: "outage" }],
      escalation: [{ name: "breach", steps: [{ level: 1, name: "Team" }] }],
    }),
  ).toEqual({
    categories: [{ name: "outage", title: "outage" }],
    ladders: [{ name: "breach", steps: [{ level: 1, name: "Team" }] }],
  });
});
