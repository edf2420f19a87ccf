// Lists that the service gives page by page.
interface Page<T> {
  items: T[];
  next?: string | null;
}

/** The cursor within the path and query of a next page. */
export function cursorOf(next: string | null | undefined): string | undefined {
  return next ? (new URL(next, location.origin).searchParams.get("cursor") ?? undefined) : undefined;
}

/** Reads every page of a list that is short enough to be held whole. */
export async function everything<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    all.push(...page.items);
    cursor = cursorOf(page.next);
  } while (cursor);
  return all;
}
