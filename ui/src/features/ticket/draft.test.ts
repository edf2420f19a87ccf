import { expect, test } from "vitest";
import { goesOn, looksAlike } from "./draft";

const own = (text: string) => ({ text, visibility: "public" as const, mentions: [] });

test.each([
  ["Half a thought", null, true],
  ["Half a thought", "Half a", true],
  ["Half a thought", "Half a thought", false],
  ["Half a thought", "Something else", false],
])("%j is told over %j: %s", (text, kept, told) =>
  expect(goesOn(own(text), kept === null ? null : { text: kept })).toBe(told),
);

test.each([
  ["Half", "Half a thought", true],
  ["", "H", false],
  ["H", "", false],
  [" ", " H", false],
])("%j looks like %j: %s", (one, other, alike) => expect(looksAlike(own(one), own(other))).toBe(alike));

test("a note does not look like a reply", () =>
  expect(looksAlike(own("Half"), { ...own("Half"), visibility: "internal" })).toBe(false));
