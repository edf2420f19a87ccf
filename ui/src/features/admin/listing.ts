// Lists of the service, read page by page, and things that are changed on the version that was read.
import { useInfiniteQuery } from "@tanstack/react-query";

interface Page<T> {
  items: T[];
  next?: string | null;
}

/** The cursor in the address of the next page; nothing on the last. */
export function cursorOf(next: string | null | undefined): string | undefined {
  return next ? (new URL(next, "http://service").searchParams.get("cursor") ?? undefined) : undefined;
}

/** A list whose further pages are read when they are asked for. */
export function useListing<T>(
  queryKey: unknown[],
  read: (cursor: string | undefined) => Promise<Page<T>>,
  /** How often it is read again by itself, in milliseconds: what no event tells of. */
  every?: number,
) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => cursorOf(page.next),
    ...(every && { refetchInterval: every }),
    select: (all) => all.pages.flatMap((page) => page.items),
  });
}

/** An answer with the version that its tag names, to be given back with a change. */
export async function versioned<T>(answer: Promise<{ data?: T; response: Response }>) {
  const { data, response } = await answer;
  const version = (response.headers.get("etag") ?? "").replace(/^W\//, "").replaceAll('"', "");
  return { value: data as T, version };
}
