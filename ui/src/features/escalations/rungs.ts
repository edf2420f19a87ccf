// Where an escalation stands on its ladder, and what is recorded of it: pure.
import type { Schemas } from "@/api/client";
import type { Ladder, LadderStep } from "@/features/policy/policy";

type Event = Pick<Schemas["EscalationEvent"], "at" | "what">;

export interface Rung {
  step: LadderStep;
  /** When it was taken; absent while it was not. */
  takenAt?: string;
  /** Whom it told, each once, in order. */
  told: string[];
  /** Whether nobody was found whom it could tell. */
  foundNobody: boolean;
  /** Whether it is what happens next by itself. */
  isNext: boolean;
}

interface StepRef {
  ladder: string;
  step: number;
}

const ofStep = (what: Record<string, unknown>, at: StepRef) => what.ladder === at.ladder && what.step === at.step;

/** The steps of a ladder, with what became of each. */
export function rungs(ladder: Ladder, events: Event[], next: Schemas["NextStep"] | null | undefined): Rung[] {
  return ladder.steps.map((step, index) => {
    const ref = { ladder: ladder.name, step: index };
    const whats = events.map(({ at, what }) => ({ at, what: what as Record<string, unknown> }));
    const taken = whats.find(({ what }) => what.type === "step_taken" && ofStep(what, ref));
    const told = whats.flatMap(({ what }) =>
      what.type === "notified" && what.step && ofStep(what.step as Record<string, unknown>, ref)
        ? [String(what.to)]
        : [],
    );
    return {
      step,
      ...(taken ? { takenAt: taken.at } : {}),
      told: [...new Set(told)],
      foundNobody: whats.some(({ what }) => what.type === "nobody_found" && ofStep(what, ref)),
      isNext: !taken && next?.ladder === ladder.name && next.level === step.level && next.name === step.name,
    };
  });
}

/** The ladders that an escalation was on, in the order in which it came to them. */
export function laddersOf(first: string, events: Event[]): string[] {
  const names = events.flatMap(({ what }) => {
    const { type, ladder, to } = what as Record<string, unknown>;
    if (type === "raised" || type === "step_taken") return [String(ladder)];
    return type === "handed_over" ? [String(to)] : [];
  });
  return [...new Set(names.length > 0 ? names : [first])];
}

/** The kinds of record that a person writes, in the order in which they are wanted. */
export const RECORDS = [
  "assess",
  "decide",
  "allocate_resources",
  "note_progress",
  "move_on",
  "resolve",
  "verify",
  "review",
  "cancel",
] as const;
export type RecordType = (typeof RECORDS)[number];

/** What a form about an escalation holds. */
export interface RecordValues {
  text: string;
  agents: string[];
  holds: boolean;
  cause: string;
  changes: string;
}

/** What is sent for a record of a kind. */
export function recordOf(type: RecordType, values: RecordValues): Schemas["EscalationRecordInput"] {
  const text = values.text.trim();
  switch (type) {
    case "move_on":
    case "cancel":
      return { type, reason: text };
    case "allocate_resources":
      return { type, agents: values.agents, text };
    case "verify":
      return { type, holds: values.holds, text };
    case "review":
      return { type, what_happened: text, cause: values.cause.trim(), changes: values.changes.trim() };
    default:
      return { type, text };
  }
}

/** The kinds of record that make sense in a phase, of those that a person may write. */
export function offered(phase: Schemas["EscalationPhase"], may: { handle: boolean; review: boolean }): RecordType[] {
  const fitting: Record<Schemas["EscalationPhase"], RecordType[]> = {
    open: ["assess", "decide", "allocate_resources", "note_progress", "move_on", "resolve", "cancel"],
    resolved: ["verify", "review"],
    cancelled: [],
  };
  return fitting[phase].filter((type) => (type === "review" ? may.review : may.handle));
}

/** The words of an event, where it has any. */
export function wordsOf(what: object): string {
  const { text, reason, what_happened, cause, changes } = what as Record<string, unknown>;
  return [text, reason, what_happened, typeof cause === "string" ? cause : "", changes]
    .filter((each): each is string => typeof each === "string" && each !== "")
    .join("\n");
}
