import { expect, test } from "vitest";
import { mentionsIn, read, write } from "./rich-text";

test.each([
  "Hello",
  "Two\nlines",
  "One paragraph\n\nand another",
  "**bold** and _italic_ and `code`",
  "see [our guide](https://example.com/guide) or https://example.com/a_b_c",
  "- one\n- two\n  - inner\n- three",
  "1. first\n2. second",
  "Before\n\n```\nlet a = 1;\n\nlet b = **2**;\n```\n\nafter",
  "snake_case_names and 2 * 3 * 4 stay",
])("%j is read and written back unchanged", (text) => expect(write(read(text))).toBe(text));

test("an address that could run something is not a link", () => {
  expect(read("[x](javascript:alert(1))").content?.[0]?.content?.some((node) => node.marks)).toBe(false);
});

test("blanks at the edge of bold words stay outside", () => {
  const doc = {
    type: "doc",
    content: [{ type: "paragraph", content: [{ type: "text", text: " a ", marks: [{ type: "bold" as const }] }] }],
  };
  expect(write(doc)).toBe("**a**");
});

test("those who are mentioned are named once, in words and by identifier", () => {
  const mention = { type: "mention", attrs: { id: "a1", label: "Ada Quill" } };
  const doc = {
    type: "doc",
    content: [{ type: "paragraph", content: [mention, { type: "text", text: " and " }, mention] }],
  };
  expect(write(doc)).toBe("@Ada Quill and @Ada Quill");
  expect(mentionsIn(doc)).toEqual(["a1"]);
});
