// What a browser says of itself, told in two words: pure.
const BROWSERS = [
  ["Edg/", "Edge"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;

const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS", "macOS"],
  ["Linux", "Linux"],
] as const;

const known = (table: readonly (readonly [string, string])[], said: string) =>
  table.find(([sign]) => said.includes(sign))?.[1];

/** The browser and the system behind a `user-agent`, as far as they are known. */
export function deviceOf(said: string): { browser: string | undefined; system: string | undefined } {
  return { browser: known(BROWSERS, said), system: known(SYSTEMS, said) };
}
