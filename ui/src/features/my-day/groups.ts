// How a day's work is told apart: by when it falls due, in the reader's own day.
import type { Ticket } from "@/features/ticket/queries";

export const GROUPS = ["late", "today", "tomorrow", "later", "waiting"] as const;
export type DueGroup = (typeof GROUPS)[number];

/** The first instant of the day after, in the browser's time zone, in milliseconds since 1970. */
function endOfDay(now: number, days: number): number {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

/** Tells tickets apart, keeping their order. What no clock runs on is waiting. */
export function groupsOf<T extends Pick<Ticket, "next_due">>(tickets: T[], now: number): Record<DueGroup, T[]> {
  const groups: Record<DueGroup, T[]> = { late: [], today: [], tomorrow: [], later: [], waiting: [] };
  for (const ticket of tickets) {
    const at = ticket.next_due ? Date.parse(ticket.next_due.at) : undefined;
    if (at === undefined) groups.waiting.push(ticket);
    else if (at < now) groups.late.push(ticket);
    else if (at < endOfDay(now, 1)) groups.today.push(ticket);
    else if (at < endOfDay(now, 2)) groups.tomorrow.push(ticket);
    else groups.later.push(ticket);
  }
  return groups;
}
