import { expect, test } from "vitest";
import { columnsOf } from "./columns";

const now = Date.parse("2026-03-02T09:00:00Z");

test.each([
  ["2026-03-02T08:59:59Z", "late"],
  ["2026-03-02T09:00:00Z", "hour"],
  ["2026-03-02T09:59:59Z", "hour"],
  ["2026-03-02T10:00:00Z", "shift"],
  ["2026-03-02T13:00:00Z", "day"],
  ["2026-03-03T08:59:59Z", "day"],
])("what is due at %s is in %s", (at, column) => {
  const columns = columnsOf([{ next_due: { at, commitment: "update" } }], now);
  expect(Object.entries(columns).filter(([, held]) => held.length > 0)).toMatchObject([[column, [{}]]]);
});

test("what is due later, or never, is in none", () => {
  const columns = columnsOf(
    [{ next_due: { at: "2026-03-03T09:00:00Z", commitment: "update" } }, { next_due: null }],
    now,
  );
  expect(Object.values(columns).flat()).toEqual([]);
});
