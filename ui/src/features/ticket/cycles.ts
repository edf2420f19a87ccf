// A promise that comes again, such as an update every four hours, is a clock for each time: the last is the one that counts.

interface Cycle {
  commitment: string;
  cycle: number;
}

/** The last cycle of each commitment, and those before it, both in the order in which they came. */
export function cyclesOf<C extends Cycle>(clocks: readonly C[]): { current: C[]; past: C[] } {
  const last = new Map<string, number>();
  for (const { commitment, cycle } of clocks) last.set(commitment, Math.max(cycle, last.get(commitment) ?? cycle));
  const isLast = ({ commitment, cycle }: C) => last.get(commitment) === cycle;
  return { current: clocks.filter(isLast), past: clocks.filter((clock) => !isLast(clock)) };
}
