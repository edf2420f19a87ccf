import { expect, test } from "vitest";
import { isPressed, KEYS } from "./keys";

const press = (key: string, held: Partial<KeyboardEvent> = {}) => ({
  key,
  metaKey: false,
  ctrlKey: false,
  altKey: false,
  ...held,
});

test.each([
  ["j|ArrowDown", press("j"), true],
  ["j|ArrowDown", press("ArrowDown"), true],
  ["j", press("j", { ctrlKey: true }), false],
  ["mod+a", press("a", { metaKey: true }), true],
  ["mod+a", press("a"), false],
  ["#", press("#"), true],
  ["#", press("#", { altKey: true }), false],
])("%s by %j is %s", (written, pressed, is) => expect(isPressed(written, pressed)).toBe(is));

test("no key does two things", () => {
  const keys = Object.values(KEYS).flatMap((group) => Object.values(group).flatMap((keys: string) => keys.split("|")));
  expect(new Set(keys).size).toBe(keys.length);
});
