import { expect, test } from "vitest";
import { hourOn, stretches } from "./week";

test.each([
  ["2026-11-16", "2026-11-16T09:00:00Z", "UTC", 9],
  ["2026-11-16", "2026-11-17T00:00:00Z", "UTC", 24],
  ["2026-11-16", "2026-11-16T08:30:00Z", "Europe/Madrid", 9.5],
  ["2026-11-16", "2026-11-16T02:00:00Z", "America/New_York", -3],
])("on %s, %s in %s is hour %d", (date, instant, zone, hour) => {
  expect(hourOn(date, instant, zone)).toBe(hour);
});

test("what reaches into another day ends at midnight", () => {
  const open = [{ from: "2026-11-15T22:00:00Z", until: "2026-11-17T02:00:00Z" }];
  expect(stretches({ date: "2026-11-16", open }, "UTC")).toEqual([{ from: 0, until: 24 }]);
});
