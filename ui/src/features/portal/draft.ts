// What is being written is kept in the browser from the first letter, so that no crash takes it.
import { useCallback, useState } from "react";

const key = (ticket: string) => `mainstay-reply-${ticket}`;

/** The draft for a ticket, how to change it, and how to throw it away. */
export function useDraft(ticket: string): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(() => localStorage.getItem(key(ticket)) ?? "");
  const keep = useCallback(
    (next: string) => {
      setText(next);
      if (next) localStorage.setItem(key(ticket), next);
      else localStorage.removeItem(key(ticket));
    },
    [ticket],
  );
  const discard = useCallback(() => keep(""), [keep]);
  return [text, keep, discard];
}
