// Which rows are marked, and which one the keyboard is on.
import { useCallback, useState } from "react";
import { rowOpenedLast } from "./opening";

export interface Selection {
  /** The identifiers of the marked rows. */
  marked: ReadonlySet<string>;
  /** The row that the keyboard is on; -1 before it is used. */
  at: number;
  moveTo: (row: number) => void;
  /** Marks a row or takes its mark away. With `range`, everything from the row that was marked last. */
  toggle: (row: number, range?: boolean) => void;
  toggleAll: () => void;
  clear: () => void;
}

export function useSelection(rows: { id: string }[]): Selection {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [at, moveTo] = useState(() => rowOpenedLast(rows));
  const [last, setLast] = useState(0);
  const toggle = useCallback(
    (row: number, range = false) => {
      setMarked((before) => {
        const next = new Set(before);
        const id = rows[row]?.id;
        if (id === undefined) return before;
        if (range) {
          for (const each of rows.slice(Math.min(last, row), Math.max(last, row) + 1)) next.add(each.id);
        } else if (!next.delete(id)) next.add(id);
        return next;
      });
      setLast(row);
    },
    [rows, last],
  );
  const clear = useCallback(() => setMarked(new Set()), []);
  const toggleAll = () => setMarked(marked.size === rows.length ? new Set() : new Set(rows.map(({ id }) => id)));
  return { marked, at, moveTo, toggle, toggleAll, clear };
}
