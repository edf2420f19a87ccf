// Into which column of the breach board a ticket belongs.
import type { Ticket } from "@/features/ticket/queries";

export const COLUMNS = ["late", "hour", "shift", "day"] as const;
export type Column = (typeof COLUMNS)[number];

/** Until when each column reaches, in hours from now; what is beyond the last one is not shown. */
const REACH: [Column, number][] = [
  ["late", 0],
  ["hour", 1],
  ["shift", 4],
  ["day", 24],
];

/** Sorts tickets into columns, keeping their order. `now` is in milliseconds since 1970. */
export function columnsOf<T extends Pick<Ticket, "next_due">>(tickets: T[], now: number): Record<Column, T[]> {
  const columns: Record<Column, T[]> = { late: [], hour: [], shift: [], day: [] };
  for (const ticket of tickets) {
    if (!ticket.next_due) continue;
    const hours = (Date.parse(ticket.next_due.at) - now) / 3_600_000;
    const column = REACH.find(([, reach]) => hours < reach)?.[0];
    if (column) columns[column].push(ticket);
  }
  return columns;
}
