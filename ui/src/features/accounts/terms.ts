// What follows from contracts and calendars: pure.

interface Term {
  starts_on: string;
  ends_on?: string | null;
}

/** The contract that holds on a day (`2026-11-21`): of several the one that began last; the end is its last day. */
export function inForce<T extends Term>(contracts: T[], day: string): T | undefined {
  return contracts
    .filter(({ starts_on, ends_on }) => starts_on <= day && (!ends_on || day <= ends_on))
    .sort((one, other) => other.starts_on.localeCompare(one.starts_on))[0];
}

/** The day of a contract's term in which an instant lies, as `2026-11-21`: terms begin and end at midnight in UTC. */
export function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

/** A span of so many seconds in the largest unit that it is a whole number of. */
export function wholeUnits(seconds: number): { count: number; unit: Unit } {
  const unit = UNITS.find((each) => seconds % SECONDS[each] === 0) ?? "minutes";
  return { count: seconds / SECONDS[unit], unit };
}

export type Unit = "days" | "hours" | "minutes";

const UNITS: Unit[] = ["days", "hours", "minutes"];

export const SECONDS: Record<Unit, number> = { days: 86_400, hours: 3_600, minutes: 60 };

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

/** How many digits a currency has after the point; two of a code that is none. */
export function fractionDigits(currency: string): number {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}
