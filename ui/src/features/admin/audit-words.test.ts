import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ACTIONS, SUBJECTS } from "./audit-words";

/** What the service writes into the audit trail, as it is written there. */
function service(): string {
  const app = join(process.cwd(), "../crates/app/src");
  return readdirSync(app, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".rs"))
    .map((path) => readFileSync(join(app, path), "utf8"))
    .join("\n");
}

test("there are words for every action that is recorded, and for what it is done to", () => {
  const said = service();
  const recorded = [...said.matchAll(/Action::new\(\s*"([a-z_.]+)",\s*"([a-z_]+)"/g)];
  expect(recorded.length).toBeGreaterThan(40);
  const actions = new Set<string>(ACTIONS);
  const subjects = new Set<string>(SUBJECTS);
  expect(recorded.map(([, action = ""]) => action).filter((action) => !actions.has(action))).toEqual([]);
  expect(recorded.map(([, , subject = ""]) => subject).filter((subject) => !subjects.has(subject))).toEqual([]);
  expect(ACTIONS.filter((action) => !said.includes(`"${action}"`))).toEqual([]);
});
