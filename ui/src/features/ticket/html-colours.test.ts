import { expect, test } from "vitest";
import { contrast, ENOUGH, parse, type Rgb } from "@/parts/colour";
import { onDarkPaper } from "./html-colours";

const DARK: Rgb = [23, 33, 38];

test.each([
  ["<p>plain</p>", "<p>plain</p>"],
  ['<p style="font-weight: bold;">x</p>', '<p style="font-weight: bold;">x</p>'],
  ['<p style="color: black;">x</p>', '<p style="">x</p>'],
  ['<p style="color: rgb(34, 34, 34); background-color: white;">x</p>', '<p style="">x</p>'],
  [
    '<div style="background-color: #fdfdfd;"><p style="color: windowtext;">x</p></div>',
    '<div style=""><p style="">x</p></div>',
  ],
])("%s takes the paper of a dark screen", (given, shown) => {
  expect(onDarkPaper(given)).toBe(shown);
});

test.each(["#1f497d", "rgb(192, 0, 0)", "navy", "#c00"])("words in %s can be read on it, in their hue", (colour) => {
  const shown = onDarkPaper(`<p style="color: ${colour}">x</p>`) ?? "";
  const [, red, green, blue] = /rgb\((\d+), (\d+), (\d+)\)/.exec(shown)?.map(Number) ?? [];
  const seen = parse(/#[0-9a-f]{6}/.exec(shown)?.[0] ?? "") ?? ([red, green, blue] as Rgb);
  expect(contrast(seen, DARK)).toBeGreaterThanOrEqual(ENOUGH);
  expect(Math.max(...seen) - Math.min(...seen)).toBeGreaterThan(24);
});

test.each([
  '<table bgcolor="#003366"><tbody></tbody></table>',
  '<table style="background-color: #003366"><tbody><tr><td style="color: #fff">x</td></tr></tbody></table>',
  '<p style="background-color: yellow">marked</p>',
  '<p style="background-color: hsl(0, 0%, 10%)">x</p>',
])("%s stays on its own paper", (given) => {
  expect(onDarkPaper(given)).toBeNull();
});
