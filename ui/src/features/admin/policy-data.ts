// The policy as the service shows it, and how it is read as tables.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";

export interface Promised {
  tier: string;
  severity: string | null;
  name: string;
  calendar: string;
  source: string;
  target_seconds: number | null;
  target_percent?: number;
}

interface Step {
  name: string;
  level: number | null;
  who: string[];
  channels: string[];
  after: { when: string; after_seconds?: number; calendar?: string };
  respond_within_seconds: number | null;
}

export interface PackShown {
  pack: string;
  version: string;
  title: string;
  description: string;
  tiers: { name: string; description: string | null; support_hours: string }[];
  severities: { severity: string; title: string; definition: string[] }[];
  commitments: Promised[];
  calendars: { name: string; description: string | null; always: boolean; time_zone?: string }[];
  escalation: { name: string; description: string | null; source: string; steps: Step[] }[];
  roles: { name: string; title: string; description: string | null; permissions: string[] }[];
}

export type PolicyShown = PackShown & { in_force: Schemas["PolicyVersion"] };

export const policyQuery = queryOptions({
  queryKey: ["policy"],
  // The document describes the pack's parts in words only, so they are typed here.
  queryFn: async () => (await data(api.GET("/api/v1/policy"))) as unknown as PolicyShown,
});

/** The pack that is recommended to whoever has none. */
export const RECOMMENDED = "mainstay";

/** The packs that come with the program, the recommended one first. */
export const packsQuery = queryOptions({
  queryKey: ["policy", "packs"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => {
    const packs = (await data(api.GET("/api/v1/policy/packs"))).items as unknown as PackShown[];
    return packs.sort((a, b) => Number(b.pack === RECOMMENDED) - Number(a.pack === RECOMMENDED));
  },
});

export const SEVERITIES = ["P1", "P2", "P3", "P4"] as const;

/** What one commitment promises, a row for each tier, a column for each severity. */
export interface Matrix {
  commitment: string;
  rows: { tier: string; cells: (Promised | undefined)[] }[];
}

/** The promises as a matrix for each commitment that has a target in time; tiers in the pack's order. */
export function matrices(pack: Pick<PackShown, "tiers" | "commitments">): Matrix[] {
  const timed = pack.commitments.filter((each) => each.target_seconds !== null && each.severity !== null);
  const names = [...new Set(timed.map(({ name }) => name))];
  return names.map((commitment) => ({
    commitment,
    rows: pack.tiers.map(({ name: tier }) => ({
      tier,
      cells: SEVERITIES.map((severity) =>
        timed.find((each) => each.name === commitment && each.tier === tier && each.severity === severity),
      ),
    })),
  }));
}
