// How much of what somebody can carry is taken: pure.
interface Member {
  tickets: number;
  capacity: number;
  active: boolean;
}

/** The share of the capacity that is taken, from 0 to 1; who can carry nothing and has something is full. */
export function share({ tickets, capacity }: Pick<Member, "tickets" | "capacity">): number {
  if (capacity === 0) return tickets > 0 ? 1 : 0;
  return Math.min(tickets / capacity, 1);
}

/** The colour of a load: full is red, from four fifths on it is amber. */
export function toneOf(member: Pick<Member, "tickets" | "capacity">): string {
  const taken = share(member);
  return taken >= 1 ? "red.8" : taken >= 0.8 ? "yellow.8" : "harbor.7";
}

/** Those who serve before those who no longer do; the fullest first. */
export function byLoad<T extends Member>(members: T[]): T[] {
  return [...members].sort((one, other) => Number(other.active) - Number(one.active) || share(other) - share(one));
}
