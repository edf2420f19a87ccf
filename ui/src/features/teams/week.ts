// A week as it is drawn: pure.

/** Midnight of the Monday before an instant, or at it, in the browser's zone; `later` weeks after that. */
export function weekStart(instant: number, later = 0): Date {
  const day = new Date(instant);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - ((day.getDay() + 6) % 7) + 7 * later);
}

/** The Monday of the week of an instant, as `2026-11-16`. */
export function mondayOf(instant: number): string {
  const monday = weekStart(instant);
  return [monday.getFullYear(), monday.getMonth() + 1, monday.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
}

interface Span {
  layer: string;
  from: string;
  until: string;
}

/** A span as a part of a week: where it begins and how wide it is, each from 0 to 1. */
export type Drawn<T> = T & { left: number; width: number };

/** Spans between two instants, by layer in the order in which layers come. */
export function drawn<T extends Span>(spans: T[], from: Date, until: Date): Map<string, Drawn<T>[]> {
  const whole = until.getTime() - from.getTime();
  const place = (instant: string) => Math.min(1, Math.max(0, (Date.parse(instant) - from.getTime()) / whole));
  const layers = new Map<string, Drawn<T>[]>();
  for (const span of spans) {
    const left = place(span.from);
    const row = layers.get(span.layer) ?? [];
    row.push({ ...span, left, width: place(span.until) - left });
    layers.set(span.layer, row);
  }
  return layers;
}

/** The seven days of a week; the day on which clocks change is shorter or longer, so each is reckoned by its date. */
export function daysOf(start: Date): Date[] {
  return Array.from(
    { length: 7 },
    (_, index) => new Date(start.getFullYear(), start.getMonth(), start.getDate() + index),
  );
}

/** Which of so many hues somebody has, by their place among those who take turns. */
export function hueOf(agent: string, agents: string[]): number {
  return Math.max(0, agents.indexOf(agent)) % 6;
}
