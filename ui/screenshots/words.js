// What is done before a picture is written down in English; on a screen in another language it is found by its words there.
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const locales = fileURLToPath(new URL("../src/locales", import.meta.url));

/** Every word of a language by the key it has. */
function wordsOf(language) {
  const all = new Map();
  const gather = (words, place) => {
    for (const [key, value] of Object.entries(words)) {
      if (typeof value === "string") all.set(`${place}.${key}`, value);
      else gather(value, `${place}.${key}`);
    }
  };
  for (const file of readdirSync(`${locales}/${language}`)) {
    if (file.endsWith(".json")) gather(JSON.parse(readFileSync(`${locales}/${language}/${file}`)), basename(file));
  }
  return all;
}

const escaped = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Makes the words of a language of English ones: a text, or a pattern that finds it. */
export function inLanguage(language) {
  if (language === "en") return (words) => words;
  const english = [...wordsOf("en")];
  const other = wordsOf(language);
  const meantBy = (isMeant) => english.filter(([, value]) => isMeant(value)).map(([key]) => other.get(key));
  return (words) => {
    const isPattern = words instanceof RegExp;
    let found = meantBy((value) => (isPattern ? words.test(value) : value === words));
    if (found.length === 0 && !isPattern) found = meantBy((value) => value.includes(words));
    const said = [...new Set(found)].filter(Boolean);
    if (said.length === 0) return words;
    const any = said.map((value) => escaped(value).replace(/\\{\\{.*?\\}\\}/g, ".*")).join("|");
    return isPattern ? new RegExp(`^(${any})$`) : new RegExp(any);
  };
}

/** A page on which things are found by the English words for them. */
export function speaking(page, language) {
  const say = inLanguage(language);
  const ways = {
    getByRole: (role, { name, ...rest } = {}) => page.getByRole(role, { ...rest, ...(name && { name: say(name) }) }),
    getByText: (words, options) => page.getByText(say(words), options),
    getByLabel: (words, options) => page.getByLabel(say(words), options),
  };
  return new Proxy(page, {
    get: (of, name) => {
      if (name in ways) return ways[name];
      return typeof of[name] === "function" ? of[name].bind(of) : of[name];
    },
  });
}
