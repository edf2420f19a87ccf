import { expect, test } from "vitest";
import { goesOn } from "./draft";

const own = (text: string) => ({ text, visibility: "public" as const, mentions: [] });

test.each([
  ["Half a thought", null, true],
  ["Half a thought", "Half a", true],
  ["Half a thought", "Half a thought", false],
  ["Half a thought", "Something else", false],
])("%j is told over %j: %s", (text, kept, told) =>
  expect(goesOn(own(text), kept === null ? null : { text: kept })).toBe(told),
);
