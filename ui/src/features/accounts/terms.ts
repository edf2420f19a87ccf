// What follows from contracts and calendars: pure.

interface Term {
  starts_on: string;
  ends_on?: string | null;
}

/** The contract that holds on a day (`2026-11-21`): of several the one that began last; the end is the first day without. */
export function inForce<T extends Term>(contracts: T[], day: string): T | undefined {
  return contracts
    .filter(({ starts_on, ends_on }) => starts_on <= day && (!ends_on || day < ends_on))
    .sort((one, other) => other.starts_on.localeCompare(one.starts_on))[0];
}

/** The day of an instant in the browser's zone, as `2026-11-21`. */
export function dayOf(instant: number): string {
  const day = new Date(instant);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** The last `count` calendar months up to now, oldest first, as spans of instants in UTC. */
export function lastMonths(now: number, count: number): { from: string; until: string }[] {
  const day = new Date(now);
  return Array.from({ length: count }, (_, index) => {
    const month = day.getUTCMonth() - (count - 1 - index);
    const start = Date.UTC(day.getUTCFullYear(), month, 1);
    const end = Date.UTC(day.getUTCFullYear(), month + 1, 1);
    return { from: new Date(start).toISOString(), until: new Date(end).toISOString() };
  });
}

interface Kept {
  met: number;
  missed: number;
  open: number;
  cancelled: number;
}

/** How promises were kept, summed by commitment in the order in which they come. */
export function byCommitment(kinds: { commitment: string; kept: Kept }[]): (Kept & { commitment: string })[] {
  const sums = new Map<string, Kept & { commitment: string }>();
  for (const { commitment, kept } of kinds) {
    const sum = sums.get(commitment) ?? { commitment, met: 0, missed: 0, open: 0, cancelled: 0 };
    for (const key of ["met", "missed", "open", "cancelled"] as const) sum[key] += kept[key];
    sums.set(commitment, sum);
  }
  return [...sums.values()];
}

/** The share kept of what is decided, from 0 to 1; nothing while none is. */
export function shareKept({ met, missed }: Pick<Kept, "met" | "missed">): number | undefined {
  return met + missed === 0 ? undefined : met / (met + missed);
}
