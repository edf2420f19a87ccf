// A week of a calendar as stretches of its days, each in hours from the day's midnight.
import type { Schemas } from "@/api/client";

export interface Stretch {
  /** Hours since midnight in the calendar's time zone. */
  from: number;
  until: number;
}

/** The hour of an instant on a date in a time zone; 24 and more on the days after, below 0 on those before. */
export function hourOn(date: string, instant: string, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(new Date(instant));
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return (wall - Date.parse(`${date}T00:00:00Z`)) / 3_600_000;
}

/** When a day is open. */
export function stretches(day: Pick<Schemas["CalendarDay"], "date" | "open">, zone: string): Stretch[] {
  return day.open.map(({ from, until }) => ({
    from: Math.max(0, hourOn(day.date, from, zone)),
    until: Math.min(24, hourOn(day.date, until, zone)),
  }));
}
