import { expect, test } from "vitest";
import { cyclesOf } from "./cycles";

test("only the last cycle of each commitment is current", () => {
  const update = (cycle: number) => ({ commitment: "update", cycle });
  const first = { commitment: "first_response", cycle: 0 };
  expect(cyclesOf([update(1), first, update(3), update(2)])).toEqual({
    current: [first, update(3)],
    past: [update(1), update(2)],
  });
});

test("nothing is past where everything is promised once", () => {
  expect(cyclesOf([])).toEqual({ current: [], past: [] });
});
