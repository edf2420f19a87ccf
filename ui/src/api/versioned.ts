// Things of which the service says the version in a header: a change goes back with it, so that nothing is overwritten.

/** What was read, and the version it had. */
export interface Versioned<T> {
  value: T;
  version: string;
}

/** Keeps the version of an answer beside what it says. */
export async function versioned<T>(answer: Promise<{ data?: T; response: Response }>): Promise<Versioned<T>> {
  const { data, response } = await answer;
  return { value: data as T, version: response.headers.get("etag") ?? "" };
}

/** The header of a change to what was read. */
export function ifUnchanged({ version }: Versioned<unknown>): { "if-match": string } {
  return { "if-match": version };
}
