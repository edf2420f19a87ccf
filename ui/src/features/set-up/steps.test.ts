import { expect, test } from "vitest";
import { doneSteps, type Found, nextStep } from "./steps";

const nothing: Found = { administrator: false, company: false, policies: 1, teams: 0, accounts: 0, tickets: 0 };
const some: Found = { ...nothing, administrator: true };

test.each([
  [nothing, [], "administrator"],
  [some, [], "company"],
  [some, ["company"] as const, "pack"],
  [{ ...some, company: true }, [], "pack"],
  [some, ["company", "pack"] as const, "mailbox"],
  [{ ...some, company: true, policies: 2 }, ["mailbox"] as const, "team"],
  [{ ...some, company: true, policies: 2, teams: 1 }, ["mailbox"] as const, "account"],
  [{ ...some, company: true, policies: 2, teams: 1, accounts: 1 }, ["mailbox"] as const, "ticket"],
  [
    { administrator: true, company: true, policies: 2, teams: 1, accounts: 1, tickets: 1 },
    ["mailbox"] as const,
    undefined,
  ],
])("with %o and %o said, %s is next", (found, said, step) => {
  expect(nextStep(doneSteps(found, said))).toBe(step);
});
