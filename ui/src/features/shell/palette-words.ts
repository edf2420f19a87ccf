// What the words in the palette mean: pure.

/** The number of a ticket that somebody typed, such as `#1972` or `1972`. */
export function ticketNumber(words: string): string | undefined {
  return /^#?(\d{1,18})$/.exec(words.trim())?.[1];
}

/** Without accents and in small letters, so that `administracao` finds `Administração`. */
function plain(words: string): string {
  return words.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** Whether a name holds every word that was typed. */
export function holdsWords(name: string, words: string): boolean {
  const held = plain(name);
  return plain(words)
    .split(/\s+/)
    .every((word) => held.includes(word));
}
