import { expect, test } from "vitest";
import type { Ticket } from "@/features/ticket/queries";
import { withRows } from "./long-list";

const row = (id: string, subject: string) => ({ id, subject }) as Ticket;

test("a row is as it is now, and pages without a change stay the same objects", () => {
  const list = {
    pages: [{ items: [row("a", "old"), row("b", "old")] }, { items: [row("c", "old")] }],
    pageParams: [undefined, "x"],
  };
  const now = withRows(list, new Map([["b", row("b", "new")]]));
  expect(now.pages.map(({ items }) => items.map(({ subject }) => subject))).toEqual([["old", "new"], ["old"]]);
  expect(now.pages[1]).toBe(list.pages[1]);
  expect(now.pages[0]?.items[0]).toBe(list.pages[0]?.items[0]);
});
