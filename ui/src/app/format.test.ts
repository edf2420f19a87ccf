import { expect, test } from "vitest";
import { formats, span } from "./format";

test.each([
  [0, "0s"],
  [59.9, "59s"],
  [61, "1m 1s"],
  [3600, "1h"],
  [3661, "1h 1m"],
  [3605, "1h"],
  [-90_000, "1d 1h"],
  [86_400, "1d"],
])("%d seconds are %s", (seconds, words) => expect(span(seconds, "en")).toBe(words));

test("a span is said in the reader's language", () => {
  expect(span(7200, "es", "long")).toBe("2 horas");
  expect(span(7200, "pt-BR", "long")).toBe("2 horas");
});

test("money is counted in minor units of its currency", () => {
  expect(formats("en").money(123_456, "USD")).toBe("$1,234.56");
  expect(formats("en").money(1_234, "JPY")).toBe("¥1,234");
});

test("a file of some bytes is not said to be empty", () => {
  expect([0, 5, 1_499, 2_450_000].map(formats("en").bytes)).toEqual(["0 kB", "1 kB", "1 kB", "2.5 MB"]);
});

test("an instant is written in the zone that is asked for", () => {
  expect(formats("en", "America/New_York").instant("2026-01-01T00:30:00Z", "day")).toBe("Dec 31, 2025");
});
