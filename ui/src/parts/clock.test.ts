import { expect, test } from "vitest";
import { toneOf } from "./clock";

test.each([
  [-1, undefined, "late"],
  [0, undefined, "soon"],
  [3599, undefined, "soon"],
  [3600, undefined, "calm"],
  [900, 3600, "calm"],
  [899, 3600, "soon"],
  [4 * 3600 - 1, 10 * 86_400, "soon"],
  [4 * 3600, 10 * 86_400, "calm"],
])("%i s left of %s is %s", (left, target, tone) => expect(toneOf(left, target)).toBe(tone));
