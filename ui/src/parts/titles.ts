// What a policy calls its commitments, for those who read its names anywhere on the screen.
import { createContext } from "react";

/** A title by the BCP 47 name of its language; under `und` where none is named. */
export type Title = Readonly<Record<string, string>>;

/** The titles of commitments by their names, once they are known. */
export const CommitmentTitles = createContext<ReadonlyMap<string, Title>>(new Map());

const primary = (language: string) => language.split("-")[0]?.toLowerCase();

/** The title for readers of a language: in it, in another variety of it, in none, in English, in whichever there is. */
export function titleIn(title: Title | undefined, language: string): string | undefined {
  if (!title) return undefined;
  const alike = Object.keys(title).find((each) => primary(each) === primary(language));
  return title[language] ?? (alike && title[alike]) ?? title.und ?? title.en ?? Object.values(title)[0];
}

/** Titles by name, of things that have both. */
export function titlesOf(named: { name: string; title: Title | undefined }[]): ReadonlyMap<string, Title> {
  return new Map(named.flatMap(({ name, title }) => (title ? [[name, title] as const] : [])));
}
