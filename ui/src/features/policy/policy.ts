// The policy in force, as far as screens explain it. The service gives it as the pack has it, so it is read with care.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";

export interface SeverityDefinition {
  severity: string;
  title: string;
  definition: string[];
  response: string | null;
}

export interface CategoryDefinition {
  name: string;
  title: string;
  description: string;
  severity: string | null;
}

export interface LadderStep {
  name: string;
  level: number;
  who: string[];
  channels: string[];
  after: { when: string; after_seconds?: number; calendar?: string };
}

export interface Ladder {
  name: string;
  description: string;
  steps: LadderStep[];
  triggers: { on: string; reasons?: string[] }[];
}

/** The parts of a policy that screens read. */
export interface PolicyParts {
  severities: SeverityDefinition[];
  categories: CategoryDefinition[];
  escalation: Ladder[];
  tiers: { name: string }[];
  calendars: { name: string }[];
  /** A commitment stands here once for each tier and severity that it is made to. */
  commitments: { name: string }[];
}

export const policyQuery = queryOptions({
  queryKey: ["policy"],
  queryFn: () => data(api.GET("/api/v1/policy")),
  // A policy changes seldom, and a live event says when.
  staleTime: 10 * 60_000,
});

/** The policy in force, once it is known and may be read. */
export function usePolicy(): PolicyParts | undefined {
  const { data: policy } = useQuery({
    ...policyQuery,
    select: (whole) => {
      const parts = whole as unknown as Partial<PolicyParts>;
      return {
        severities: parts.severities ?? [],
        categories: parts.categories ?? [],
        escalation: parts.escalation ?? [],
        tiers: parts.tiers ?? [],
        calendars: parts.calendars ?? [],
        commitments: parts.commitments ?? [],
      };
    },
  });
  return policy;
}
