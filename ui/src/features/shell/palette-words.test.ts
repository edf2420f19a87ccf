import { expect, test } from "vitest";
import { holdsWords, ticketNumber } from "./palette-words";

test.each([
  ["#1972", "1972"],
  [" 7 ", "7"],
  ["7 days", undefined],
  ["#", undefined],
])("%s is ticket %s", (words, number) => expect(ticketNumber(words)).toBe(number));

test.each([
  ["Administração", "administracao", true],
  ["Breach board", "board br", true],
  ["Inbox", "", true],
  ["Inbox", "inn", false],
])("%s holds %s: %s", (name, words, holds) => expect(holdsWords(name, words)).toBe(holds));
