// What the address of the list of escalations says. The router reads it before the list itself is loaded.
import type { EscalationPhase } from "./queries";

export const PHASES = ["open", "resolved", "cancelled"] as const;

/** What the address of the list says. */
export interface EscalationsSearch {
  phase?: EscalationPhase | undefined;
  mine?: boolean | undefined;
}

export function escalationsSearch(search: Record<string, unknown>): EscalationsSearch {
  const phase = PHASES.find((each) => each === search.phase);
  return { ...(phase ? { phase } : {}), ...(search.mine === true ? { mine: true } : {}) };
}
