import { expect, test } from "vitest";
import { contrast, parse, readable } from "./branding";

test.each([
  ["#0b6e7f", "#0b6e7f"],
  ["#000000", "#000000"],
  ["teal", null],
  ["#fff", null],
])("%s is readable as %s", (colour, fill) => expect(readable(colour)).toBe(fill));

test.each(["#ffffff", "#ffd400", "#35c4d8", "#ff0000"])("%s becomes dark enough for white text", (colour) => {
  const fill = parse(readable(colour) ?? "");
  expect(fill && contrast(fill, [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
});
