// The values that may be chosen for a ticket, by name in the reader's language.
import { useTranslation } from "react-i18next";
import { useAgents, useTeams } from "@/features/directory/directory";
import { usePolicy } from "@/features/policy/policy";

/** A value, and what it is called. */
export interface Value {
  id: string;
  name: string;
}

const STATUSES = ["open", "pending_customer", "on_hold", "resolved", "closed"] as const;
const SEVERITIES = ["P1", "P2", "P3", "P4"] as const;

/** How one ticket may relate to another. */
export const RELATIONS = ["relates_to", "duplicates", "caused_by"] as const;

/** The name of a relation: those that the screen offers in the reader's language, others as they were made. */
export function useRelation(): (relation: string) => string {
  const { t } = useTranslation("ticket");
  return (relation) =>
    t(`relation.${relation}` as "relation.relates_to", { defaultValue: relation.replaceAll("_", " ") });
}

export function useValues() {
  const { t } = useTranslation();
  const agents = useAgents();
  const teams = useTeams();
  const policy = usePolicy();
  const named = ({ id, name }: Value): Value => ({ id, name });
  return {
    statuses: STATUSES.map((id): Value => ({ id, name: t(`status.${id}`) })),
    severities: SEVERITIES.map((id): Value => ({ id, name: `${id} ${t(`severity.${id}`)}` })),
    /** Those who may be given work. */
    agents: [...agents.values()].filter(({ active }) => active).map(named),
    teams: [...teams.values()].map(named),
    categories: (policy?.categories ?? []).map(({ name, title }): Value => ({ id: name, name: title })),
  };
}
