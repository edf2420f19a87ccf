// Opening a ticket from the list. One listener serves every row, and what a ticket shows is asked for while the pointer or the
// keyboard still rests on its row.
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type MouseEvent, type SyntheticEvent, useEffect, useMemo, useRef } from "react";
import { type Ticket, ticketQuery } from "@/features/ticket/queries";

/** How long a row is rested on before its ticket is asked for, in milliseconds: whoever only passes asks for nothing. */
const REST = 60;

/** The ticket that was opened last, to find the place again on the way back. */
let openedLast: string | undefined;

/** The row of the ticket that was opened last; -1 when it is not there. */
export function rowOpenedLast(rows: readonly { id: string }[]): number {
  return rows.findIndex(({ id }) => id === openedLast);
}

/** Whether a click asks for what the browser does by itself, such as another tab. */
function isForBrowser(event: MouseEvent): boolean {
  return event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
}

function rowOf(event: SyntheticEvent): number | undefined {
  const row = (event.target as Element).closest("li")?.dataset.index;
  return row === undefined ? undefined : Number(row);
}

/** What opens the tickets of a list, and what its element listens to. */
export function useOpening(rows: readonly Ticket[]) {
  const router = useRouter();
  const queries = useQueryClient();
  const now = useRef(rows);
  now.current = rows;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useMemo(() => {
    const way = (ticket: Ticket) => ({ to: "/tickets/$id", params: { id: String(ticket.number) } }) as const;
    const leave = () => clearTimeout(timer.current);
    const prepare = (row: number | undefined) => {
      leave();
      const ticket = row === undefined ? undefined : now.current[row];
      if (ticket) timer.current = setTimeout(() => void router.preloadRoute(way(ticket)), REST);
    };
    const open = (row: number | undefined) => {
      const ticket = row === undefined ? undefined : now.current[row];
      if (!ticket) return;
      openedLast = ticket.id;
      const { queryKey } = ticketQuery(String(ticket.number));
      // What the row knows is shown at once, and read anew while it is: it counts as old.
      if (!queries.getQueryData(queryKey)) queries.setQueryData(queryKey, ticket, { updatedAt: 1 });
      void router.navigate(way(ticket));
    };
    return {
      open,
      prepare,
      listens: {
        onPointerOver: (event: SyntheticEvent) => prepare(rowOf(event)),
        onPointerLeave: leave,
        onFocus: (event: SyntheticEvent) => prepare(rowOf(event)),
        onClick: (event: MouseEvent) => {
          if (isForBrowser(event) || !(event.target as Element).closest("a")) return;
          event.preventDefault();
          open(rowOf(event));
        },
      },
    };
  }, [router, queries]);
}
