import { useQuery } from "@tanstack/react-query";
import { policyQuery } from "./policy-data";

/** The roles of those who serve that every installation has. A pack may define more, or these anew. */
export const BUILT_IN = ["administrator", "manager", "agent", "engineer", "success_manager", "viewer"] as const;

export interface Role {
  name: string;
  title?: string;
  description?: string | null;
  permissions?: string[];
}

/** The roles that an agent may bear. */
export function useRoles(): Role[] {
  const { data: policy } = useQuery(policyQuery);
  const defined: Role[] = policy?.roles ?? [];
  const names = new Set(defined.map(({ name }) => name));
  return [...BUILT_IN.filter((name) => !names.has(name)).map((name) => ({ name })), ...defined];
}
