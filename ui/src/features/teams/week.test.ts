import { expect, test } from "vitest";
import { daysOf, drawn, mondayOf, weekStart } from "./week";

test("a week begins on its Monday, a Sunday belongs to the week before", () => {
  expect(mondayOf(new Date(2026, 10, 22, 23).getTime())).toBe("2026-11-16");
  expect(mondayOf(new Date(2026, 10, 23, 0).getTime())).toBe("2026-11-23");
  expect(weekStart(new Date(2026, 10, 18).getTime(), 1)).toEqual(new Date(2026, 10, 23));
  expect(daysOf(new Date(2026, 10, 30)).map((day) => day.getDate())).toEqual([30, 1, 2, 3, 4, 5, 6]);
});

test("spans lie where they are in the week, and are cut at its ends", () => {
  const from = new Date("2026-03-02T00:00:00Z");
  const until = new Date("2026-03-12T00:00:00Z");
  const spans = [
    { layer: "primary", from: "2026-03-01T00:00:00Z", until: "2026-03-03T00:00:00Z" },
    { layer: "primary", from: "2026-03-03T00:00:00Z", until: "2026-03-20T00:00:00Z" },
    { layer: "backup", from: "2026-03-07T00:00:00Z", until: "2026-03-08T00:00:00Z" },
  ];
  const rows = [...drawn(spans, from, until)].map(([layer, row]) => [
    layer,
    row.map(({ left, width }) => [left, Number(width.toFixed(3))]),
  ]);
  expect(rows).toEqual([
    [
      "primary",
      [
        [0, 0.1],
        [0.1, 0.9],
      ],
    ],
    ["backup", [[0.5, 0.1]]],
  ]);
});
