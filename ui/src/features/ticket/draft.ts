// What is being written is kept in the browser from the first letter, and by the service a moment later, so that no crash
// takes it and another device finds it.
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { startTransition, useCallback, useEffect, useRef, useState } from "react";
import { api, data, type Schemas } from "@/api/client";

export type Visibility = "public" | "internal";

/** What is written so far. */
export interface Written {
  text: string;
  visibility: Visibility;
  mentions: string[];
}

/** After how long without a letter the service is told, in milliseconds. */
const PAUSE = 900;

const key = (ticket: string) => `mainstay-draft-${ticket}`;

/** What the service keeps of one's draft; `null` when it keeps none. */
export const draftQuery = (ticket: string) =>
  queryOptions({
    queryKey: ["tickets", "draft", ticket],
    // Asked of all that one writes, for to write nothing on a ticket is no failure.
    queryFn: async (): Promise<Schemas["Draft"] | null> => {
      const drafts = await data(api.GET("/api/v1/drafts", { params: { query: { limit: 200 } } }));
      return drafts.items.find((draft) => draft.ticket === ticket) ?? null;
    },
  });

/** What the browser keeps because the service does not have it yet. */
export function unsaved(ticket: string): Written | undefined {
  const kept = localStorage.getItem(key(ticket));
  if (!kept) return undefined;
  try {
    const { text, visibility, mentions } = JSON.parse(kept) as Partial<Written>;
    if (typeof text !== "string") return undefined;
    return { text, visibility: visibility === "internal" ? "internal" : "public", mentions: mentions ?? [] };
  } catch {
    // What an older client kept was the text alone.
    return { text: kept, visibility: "public", mentions: [] };
  }
}

/** Whether what the browser keeps goes on from what the service keeps, so that nothing is lost by telling it. */
export function goesOn(own: Written, kept: Pick<Schemas["Draft"], "text"> | null): boolean {
  return kept === null || (own.text !== kept.text && own.text.startsWith(kept.text));
}

/** Whether the screen says the same of both, so that it need not be drawn again with each letter. */
export function looksAlike(one: Written, other: Written): boolean {
  const isBlank = ({ text }: Written) => text.trim() === "";
  return (
    one.visibility === other.visibility && (one.text === "") === (other.text === "") && isBlank(one) === isBlank(other)
  );
}

/** Tells the service what is written. */
export const keepDraft = (ticket: string, written: Written, status?: string) =>
  data(
    api.PUT("/api/v1/tickets/{id}/draft", {
      params: { path: { id: ticket } },
      body: { ...written, ...(status ? { status } : {}) },
    }),
  );

/**
 * The draft of a ticket: `undefined` until it is read. `written` may be some letters behind, for the field draws them itself;
 * `current` answers with all of them. `edition` changes when what is written was replaced from outside.
 */
export function useDraft(ticket: string, standard: Visibility) {
  const queries = useQueryClient();
  const { data: kept, isError } = useQuery(draftQuery(ticket));
  const [own, setOwn] = useState<Written | undefined>(() => unsaved(ticket));
  const [edition, setEdition] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const empty: Written = { text: "", visibility: standard, mentions: [] };
  const read: Written | undefined = kept
    ? { text: kept.text, visibility: kept.visibility as Visibility, mentions: kept.mentions }
    : kept === null || isError
      ? empty
      : undefined;
  const written = own ?? read;
  const shown = useRef(written);
  shown.current = written;
  const typed = useRef<Written>(undefined);
  const current = useCallback(() => typed.current ?? shown.current, []);

  const flush = useCallback(
    async (next: Written) => {
      clearTimeout(timer.current);
      const draft = await keepDraft(ticket, next);
      if (localStorage.getItem(key(ticket)) === JSON.stringify(next)) localStorage.removeItem(key(ticket));
      queries.setQueryData(draftQuery(ticket).queryKey, draft);
    },
    [ticket, queries],
  );
  const keep = useCallback(
    (next: Written) => {
      typed.current = next;
      const draw = () => setOwn((before) => (before && looksAlike(before, next) ? before : next));
      // A letter is on the screen already, and what goes with it may come a moment later.
      if (next.visibility === shown.current?.visibility) startTransition(draw);
      else draw();
      localStorage.setItem(key(ticket), JSON.stringify(next));
      clearTimeout(timer.current);
      // Whatever fails here is tried again with the next letter, and the browser has it meanwhile.
      timer.current = setTimeout(() => void flush(next).catch(() => undefined), PAUSE);
    },
    [ticket, flush],
  );
  /** Forgets what is written here: it is on its way, or said. */
  const forget = useCallback(() => {
    clearTimeout(timer.current);
    localStorage.removeItem(key(ticket));
    typed.current = undefined;
    setOwn(undefined);
    setEdition((before) => before + 1);
  }, [ticket]);
  const discard = useCallback(async () => {
    forget();
    queries.setQueryData(draftQuery(ticket).queryKey, null);
    await api.DELETE("/api/v1/tickets/{id}/draft", { params: { path: { id: ticket } } });
  }, [ticket, forget, queries]);
  useEffect(() => () => clearTimeout(timer.current), []);
  // What a crash left in the browser is told to the service, unless something else was written on another device meanwhile.
  const isLookedAt = useRef(false);
  useEffect(() => {
    if (kept === undefined || isLookedAt.current) return;
    isLookedAt.current = true;
    const left = unsaved(ticket);
    if (left && goesOn(left, kept)) void flush(left).catch(() => undefined);
  }, [ticket, kept, flush]);
  return { written, current, kept, keep, forget, discard, edition };
}
