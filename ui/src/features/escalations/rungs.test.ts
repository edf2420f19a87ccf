import { expect, test } from "vitest";
import type { Ladder } from "@/features/policy/policy";
import { laddersOf, offered, recordOf, rungs, wordsOf } from "./rungs";

const step = (name: string, level: number) => ({ name, level, who: [], channels: [], after: { when: "at_once" } });
const ladder: Ladder = {
  name: "critical",
  description: "",
  triggers: [],
  steps: [step("Front", 1), step("Managers", 2)],
};
const event = (at: string, what: Record<string, unknown>) => ({ at, what: what as Record<string, never> });
const events = [
  event("t0", { type: "raised", ladder: "critical" }),
  event("t1", { type: "step_taken", ladder: "critical", step: 0 }),
  event("t2", { type: "notified", step: { ladder: "critical", step: 0 }, to: "ann" }),
  event("t2", { type: "notified", step: { ladder: "critical", step: 0 }, to: "ann" }),
  event("t2", { type: "notified", step: { ladder: "breach", step: 1 }, to: "bob" }),
];

test("a step that was taken says when and whom it told; the next one is marked", () => {
  const next = { at: "t9", ladder: "critical", level: 2, name: "Managers", cause: "unacknowledged" };
  expect(rungs(ladder, events, next).map(({ takenAt, told, isNext }) => [takenAt, told, isNext])).toEqual([
    ["t1", ["ann"], false],
    [undefined, [], true],
  ]);
});

test("a hand-over adds its ladder once", () => {
  expect(laddersOf("x", [...events, event("t3", { type: "handed_over", to: "breach" })])).toEqual([
    "critical",
    "breach",
  ]);
  expect(laddersOf("x", [])).toEqual(["x"]);
});

const values = { text: " why ", agents: ["ann"], holds: false, cause: "a", changes: "b" };
test.each([
  ["move_on", { type: "move_on", reason: "why" }],
  ["assess", { type: "assess", text: "why" }],
  ["verify", { type: "verify", holds: false, text: "why" }],
  ["allocate_resources", { type: "allocate_resources", agents: ["ann"], text: "why" }],
  ["review", { type: "review", what_happened: "why", cause: "a", changes: "b" }],
] as const)("%s is sent as the service wants it", (type, sent) => expect(recordOf(type, values)).toEqual(sent));

test("only what fits the phase and the person is offered", () => {
  expect(offered("resolved", { handle: true, review: false })).toEqual(["verify"]);
  expect(offered("open", { handle: false, review: true })).toEqual([]);
});

test("the cause of a step is no text of a person", () => {
  expect(wordsOf({ type: "step_taken", cause: { type: "raised" } })).toBe("");
  expect(wordsOf({ what_happened: "x", cause: "y", changes: "z" })).toBe("x\ny\nz");
});
