import { expect, test } from "vitest";
import { byLoad, share, toneOf } from "./load";

test.each([
  [0, 40, 0, "harbor.7"],
  [32, 40, 0.8, "yellow.8"],
  [50, 40, 1, "red.8"],
  [0, 0, 0, "harbor.7"],
  [1, 0, 1, "red.8"],
])("%d of %d", (tickets, capacity, taken, tone) => {
  expect(share({ tickets, capacity })).toBe(taken);
  expect(toneOf({ tickets, capacity })).toBe(tone);
});

test("the fullest stand first, who no longer serves last", () => {
  const gone = { tickets: 9, capacity: 9, active: false };
  const light = { tickets: 1, capacity: 10, active: true };
  const full = { tickets: 5, capacity: 5, active: true };
  expect(byLoad([gone, light, full])).toEqual([full, light, gone]);
});
