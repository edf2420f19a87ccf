import { expect, test } from "vitest";
import { byCommitment, dayOf, inForce, lastMonths, shareKept, wholeUnits } from "./terms";

const old = { starts_on: "2024-01-01", ends_on: "2025-01-01" };
const open = { starts_on: "2025-06-01", ends_on: null };
const renewed = { starts_on: "2026-01-01", ends_on: "2027-01-01" };

test.each([
  ["2025-01-01", old],
  ["2025-01-02", undefined],
  ["2025-06-01", open],
  ["2026-05-05", renewed],
  ["2027-01-01", renewed],
  ["2027-01-02", open],
])("on %s the right contract holds", (day, contract) => expect(inForce([old, open, renewed], day)).toBe(contract));

test("the last months end with the present one, and cross the year", () => {
  expect(lastMonths(Date.parse("2026-02-14T12:00:00Z"), 3)).toEqual([
    { from: "2025-12-01T00:00:00.000Z", until: "2026-01-01T00:00:00.000Z" },
    { from: "2026-01-01T00:00:00.000Z", until: "2026-02-01T00:00:00.000Z" },
    { from: "2026-02-01T00:00:00.000Z", until: "2026-03-01T00:00:00.000Z" },
  ]);
});

test("severities of a commitment are summed", () => {
  const kept = (met: number, missed: number) => ({ met, missed, open: 1, cancelled: 0 });
  const sums = byCommitment([
    { commitment: "update", kept: kept(1, 2) },
    { commitment: "resolution", kept: kept(5, 0) },
    { commitment: "update", kept: kept(3, 0) },
  ]);
  expect(sums.map(({ commitment, met, missed, open }) => [commitment, met, missed, open])).toEqual([
    ["update", 4, 2, 2],
    ["resolution", 5, 0, 1],
  ]);
});

test.each([
  [0, 0, undefined],
  [3, 1, 0.75],
])("%d met and %d missed", (met, missed, share) => expect(shareKept({ met, missed })).toBe(share));

test("the day of a term is the day in UTC", () =>
  expect(dayOf(Date.parse("2026-02-14T23:30:00-05:00"))).toBe("2026-02-15"));

test.each([
  [86_400, 1, "days"],
  [90_000, 25, "hours"],
  [5_400, 90, "minutes"],
])("%i seconds are %i %s", (seconds, count, unit) => expect(wholeUnits(seconds)).toEqual({ count, unit }));
