// Every language says everything that English says, with the same variables in it.
import { expect, test } from "vitest";
import en from "./en";
import es from "./es";
import ptBR from "./pt-BR";

/** The plural forms that a language adds to English, which has `one` and `other`. */
const ADDED_PLURAL = /_(zero|two|few|many)$/;

function flat(words: object, path = ""): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const place = path ? `${path}.${key}` : key;
    if (typeof value === "string") all.set(place, value);
    else for (const [inner, word] of flat(value, place)) all.set(inner, word);
  }
  return all;
}

const variables = (word: string) => [...word.matchAll(/{{(\w+)}}/g)].map((found) => found[1]).sort();

test.each([
  ["es", es],
  ["pt-BR", ptBR],
])("%s says what English says", (_language, words) => {
  const english = flat(en);
  const other = flat(words);
  expect([...english.keys()].filter((key) => !other.has(key))).toEqual([]);
  expect([...other.keys()].filter((key) => !english.has(key) && !ADDED_PLURAL.test(key))).toEqual([]);
  for (const [key, word] of english) expect([key, variables(other.get(key) ?? "")]).toEqual([key, variables(word)]);
});

/** What a date stands behind only with a word between them: "vence el 22 nov", "vence em 22 de nov.". */
test.each([
  ["es", es, /(vence|vencía|desde|hasta|renueva|abre|cierra|paso|alcanzado) {{(at|date|day|on|start)}}/i],
  ["pt-BR", ptBR, /(vence|vencia|renova|abre|fecha|passo|alcançado) {{(at|date|day|on|start)}}/i],
])("%s leads dates in as the language does", (_language, words, bare) => {
  expect([...flat(words)].filter(([, word]) => bare.test(word))).toEqual([]);
});
