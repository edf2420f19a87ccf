import { expect, test } from "vitest";
import { undoOf } from "./bulk";

test("what was changed is undone by its versions, and what refused or was so already is left out", () => {
  const outcomes = [
    { asked: "a", ticket: "a", done: true, before: 3, after: 5 },
    { asked: "b", ticket: "b", done: true, before: null, after: null },
    { asked: "c", ticket: null, done: false, reason: "Closed." },
  ];
  expect(undoOf(outcomes)).toEqual([{ ticket: "a", before: 3, after: 5 }]);
});
