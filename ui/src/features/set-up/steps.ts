// The steps of the first run. What was done is seen from what is there, so nothing is lost by leaving or coming back.
import { queryOptions } from "@tanstack/react-query";
import { api, data } from "@/api/client";

export const STEPS = ["administrator", "company", "pack", "mailbox", "team", "account", "ticket"] as const;
export type Step = (typeof STEPS)[number];

/** Whether nobody serves yet. */
export const setUpQuery = queryOptions({
  queryKey: ["set-up"],
  queryFn: () => data(api.GET("/api/v1/set-up")),
});

/** What is there already. */
export interface Found {
  administrator: boolean;
  /** Whether the company has said its name. */
  company: boolean;
  /** How often a policy was applied; the program applies the first one itself. */
  policies: number;
  teams: number;
  accounts: number;
  tickets: number;
}

/** The steps that what is there shows to be done. The mailbox leaves no trace here: the person says so. */
export function doneSteps(found: Found, said: readonly Step[]): Set<Step> {
  const done = new Set<Step>(said);
  if (found.administrator) done.add("administrator");
  if (found.company) done.add("company");
  if (found.policies > 1) done.add("pack");
  if (found.teams > 0) done.add("team");
  if (found.accounts > 0) done.add("account");
  if (found.tickets > 0) done.add("ticket");
  return done;
}

/** The first step that is not done; nothing when all are. */
export function nextStep(done: ReadonlySet<Step>): Step | undefined {
  return STEPS.find((step) => !done.has(step));
}

const SAID = "mainstay-set-up";

/** The steps that the person said are done, kept in this browser. */
export function saidSteps(): Step[] {
  const kept = (localStorage.getItem(SAID) ?? "").split(",");
  return STEPS.filter((step) => kept.includes(step));
}

export function sayStep(step: Step): Step[] {
  const said = [...new Set([...saidSteps(), step])];
  localStorage.setItem(SAID, said.join(","));
  return said;
}

export const foundQuery = queryOptions({
  queryKey: ["set-up", "found"],
  queryFn: async (): Promise<Found> => {
    const query = { limit: 2 };
    const [company, versions, teams, accounts, tickets] = await Promise.all([
      data(api.GET("/api/v1/company")),
      data(api.GET("/api/v1/policy/versions", { params: { query } })),
      data(api.GET("/api/v1/teams", { params: { query } })),
      data(api.GET("/api/v1/accounts", { params: { query } })),
      data(api.GET("/api/v1/tickets", { params: { query } })),
    ]);
    return {
      administrator: true,
      company: Boolean(company.name),
      policies: versions.items.length,
      teams: teams.items.length,
      accounts: accounts.items.length,
      tickets: tickets.items.length,
    };
  },
});
