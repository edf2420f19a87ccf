// What the service refuses, in the reader's language. The service says it in English: where there are words for the very sentence,
// they are shown; else those for its kind, with the English beside them where they alone would not say what is to be done.

/** The words of a language: for each kind of problem, and for sentences of the service, whose variables stand in braces. */
export interface RefusalWords {
  kinds: Record<string, string>;
  details: Record<string, string>;
}

interface Sentence {
  pattern: RegExp;
  variables: string[];
  words: string;
}

let kinds: Record<string, string> = {};
let exact = new Map<string, string>();
let sentences: Sentence[] = [];

const VARIABLE = /\{([^}]*)\}/g;

/** Says refusals in these words from now on; in English, as the service does, without any. */
export function speakOfRefusals(words: RefusalWords | undefined): void {
  kinds = words?.kinds ?? {};
  const details = Object.entries(words?.details ?? {});
  exact = new Map(details.filter(([english]) => english.search(VARIABLE) < 0));
  sentences = details
    .filter(([english]) => english.search(VARIABLE) >= 0)
    .map(([english, said]) => ({
      pattern: new RegExp(
        `^${english
          .split(VARIABLE)
          .map((part, at) => (at % 2 ? "(.+?)" : literal(part)))
          .join("")}$`,
        "s",
      ),
      variables: [...english.matchAll(VARIABLE)].map(([variable]) => variable),
      words: said,
    }));
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The words for a sentence of the service, if there are any. */
function wordsFor(detail: string): string | undefined {
  const known = exact.get(detail);
  if (known) return known;
  for (const { pattern, variables, words } of sentences) {
    const found = pattern.exec(detail);
    if (!found) continue;
    return variables.reduce((said, variable, at) => said.replace(variable, found[at + 1] ?? ""), words);
  }
  return undefined;
}

/** What is wrong with one part of what was given. */
export function sayFault(detail: string): string {
  return wordsFor(detail) ?? (detail.includes("\n") ? detail : sentence(detail));
}

/** What the service says before the words of its store, which say enough alone. */
const STORE = /^The store refused: (.*)\.$/s;

/** Kinds whose detail tells what is to be done, so that the kind alone is not enough. */
const WANT_DETAIL = new Set(["malformed", "forbidden", "conflict", "too-large", "invalid"]);

/** Why something was refused: a problem's kind, and what the service said this time. */
export function sayRefusal(kind: string, said: string): string {
  const detail = said.replace(STORE, "$1");
  const words = wordsFor(detail);
  if (words) return words;
  const general = kinds[kind];
  if (!general) return sentence(detail);
  return WANT_DETAIL.has(kind) && detail ? `${general} (${detail})` : general;
}

/** As a sentence of its own: the service's parts of sentences begin small and have no end. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
