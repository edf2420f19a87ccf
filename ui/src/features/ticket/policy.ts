// What the policy in force says that a ticket's screen needs: its categories and its ladders.
import { queryOptions } from "@tanstack/react-query";
import { api, data } from "@/api/client";

export interface PolicyWords {
  categories: { name: string; title: string }[];
  ladders: { name: string; steps: { level: number; name: string }[] }[];
}

const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : []);

/** Takes them out of the policy, leaving out what is of another form. */
export function wordsOf(policy: Record<string, unknown>): PolicyWords {
  return {
    categories: listOf(policy.categories).map(({ name, title }) => ({
      name: String(name),
      title: String(title ?? name),
    })),
    ladders: listOf(policy.escalation).map(({ name, steps }) => ({
      name: String(name),
      steps: listOf(steps).map(({ level, name }) => ({ level: Number(level), name: String(name) })),
    })),
  };
}

export const policyWordsQuery = queryOptions({
  queryKey: ["policys", "words"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => wordsOf(await data(api.GET("/api/v1/policy"))),
});
