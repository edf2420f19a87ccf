// The policy in force, as far as screens explain it. The service gives it as the pack has it, so it is read with care.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { useMay } from "@/app/session";
import { type Title, titlesOf } from "@/parts/titles";

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
  /** What is said of each commitment once. */
  clocks: { name: string; title?: Title }[];
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
        clocks: parts.clocks ?? [],
      };
    },
  });
  return policy;
}

/** What the policy in force calls its commitments, for those who may read it. */
export function useCommitmentTitles(): ReadonlyMap<string, Title> {
  const { data: titles } = useQuery({ ...policyQuery, enabled: useMay("policy.read"), select: commitmentTitles });
  return titles ?? NO_TITLES;
}

const NO_TITLES: ReadonlyMap<string, Title> = new Map();

/** Kept out of the component, so that the same policy gives the same titles. */
function commitmentTitles(whole: unknown): ReadonlyMap<string, Title> {
  const { clocks } = whole as Partial<PolicyParts>;
  return titlesOf((clocks ?? []).map(({ name, title }) => ({ name, title })));
}
