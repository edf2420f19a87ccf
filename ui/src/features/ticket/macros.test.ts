import { expect, test } from "vitest";
import { isCanned, matching } from "./macros";

const people = ["Ada Quill", "Priya Nair", "Nadia Quist"].map((name) => ({ name }));

test.each([
  ["", ["Ada Quill", "Priya Nair", "Nadia Quist"]],
  ["na", ["Nadia Quist", "Priya Nair"]],
  ["qui a", ["Ada Quill", "Nadia Quist"]],
  ["zz", []],
])("%j finds %j", (typed, names) => expect(matching(people, typed).map(({ name }) => name)).toEqual(names));

test("what does more than say one thing is no canned answer", () => {
  expect(isCanned({ actions: [{ do: "reply", text: "Hello" }] })).toBe(true);
  expect(isCanned({ actions: [{ do: "reply", text: "Hello" }, { do: "follow" }] })).toBe(false);
  expect(isCanned({ actions: [{ do: "follow" }] })).toBe(false);
  expect(isCanned({ actions: [] })).toBe(false);
});
