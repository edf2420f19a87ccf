import { expect, test } from "vitest";
import { contrast, ENOUGH, lightened, parse, type Rgb, readable } from "./colour";

test.each([
  ["#0b6e7f", "#0b6e7f"],
  ["#000000", "#000000"],
  ["teal", null],
  ["#fff", null],
])("%s is readable as %s", (colour, fill) => expect(readable(colour)).toBe(fill));

test.each(["#ffffff", "#ffd400", "#35c4d8", "#ff0000"])("%s becomes dark enough for white text", (colour) => {
  const fill = parse(readable(colour) ?? "");
  expect(fill && contrast(fill, [255, 255, 255])).toBeGreaterThanOrEqual(ENOUGH);
});

test.each<[Rgb]>([[[0, 0, 0]], [[31, 73, 125]], [[192, 0, 0]]])(
  "%s becomes light enough to be read on dark paper",
  (colour) => {
    const dark: Rgb = [23, 33, 38];
    expect(contrast(lightened(colour, dark), dark)).toBeGreaterThanOrEqual(ENOUGH);
  },
);
