// Every reason that the service gives is told in every language.
import { render, screen } from "@testing-library/react";
import { beforeAll, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { LANGUAGES, type Language, speak, startLanguage } from "@/app/i18n";
import { useAssignmentReason, useCancellation, useSpanReason } from "./reasons";

type Span = Schemas["SpanReason"];
type Cancellation = Schemas["Cancellation"];
type Reason = Schemas["AssignmentReason"];
type Choice = Schemas["AssignmentChoice"];

const on = { calendar: "Madrid", date: "2026-12-25" };

const SPANS: { [Kind in Span["kind"]]: Extract<Span, { kind: Kind }> } = {
  open: { kind: "open", calendar: "Madrid" },
  outside_hours: { kind: "outside_hours", calendar: "Madrid" },
  exception: { kind: "exception", ...on },
  break: { kind: "break", ...on },
  holiday: { kind: "holiday", ...on },
  paused: { kind: "paused" },
  done: { kind: "done" },
  taken_over: { kind: "taken_over", number: 7 },
};

const CANCELLED: { [Kind in Cancellation["kind"]]: Extract<Cancellation, { kind: Kind }> } = {
  merged: { kind: "merged", number: 7 },
  no_promise: { kind: "no_promise" },
  rule: { kind: "rule" },
};

const CHOICES: { [Kind in Choice["kind"]]: Extract<Choice, { kind: Kind }> } = {
  owner: { kind: "owner" },
  least_load: { kind: "least_load", of: 3, open: 2, capacity: 1000 },
  turn: { kind: "turn", of: 3, last_assigned_at: "2026-03-02T10:00:00Z" },
};

const FINDINGS = ["word", "subject_word", "language", "account_role"];

const chosen = (choice: Choice, more: Partial<Reason> = {}): Reason => ({ rules: [], choice, skills: [], ...more });

const FULL = chosen(CHOICES.least_load, {
  rules: [
    { rule: "money", source: "routing.toml:1", found: FINDINGS.map((kind) => ({ kind, value: "es" })) },
    { rule: "all", source: "routing.toml:9", found: [] },
  ],
  skills: ["sso", "tax"],
  language: "es",
  next_on: "2026-03-02T10:00:00Z",
});

function Told({ span, ended, assigned }: { span?: Span; ended?: Cancellation; assigned?: Reason }) {
  const spanReason = useSpanReason();
  const cancellation = useCancellation();
  const assignmentReason = useAssignmentReason();
  return (
    <p data-testid="told">
      {span && spanReason({ why: span })}
      {ended && cancellation(ended)}
      {assigned &&
        assignmentReason({ because: assigned, reason: "by the rule “money” (routing.toml:1): the named owner" })}
    </p>
  );
}

beforeAll(startLanguage);

async function told(what: Parameters<typeof Told>[0], language: Language): Promise<string> {
  await speak(language);
  const { unmount } = render(<Told {...what} />);
  const words = screen.getByTestId("told").textContent ?? "";
  unmount();
  return words;
}

const ALL: [string, Parameters<typeof Told>[0]][] = [
  ...Object.values(SPANS).map((span): [string, object] => [`span ${span.kind}`, { span }]),
  ["span holiday with a name", { span: { ...SPANS.holiday, name: "Navidad" } }],
  ...Object.values(CANCELLED).map((ended): [string, object] => [`cancelled ${ended.kind}`, { ended }]),
  ...Object.values(CHOICES).map((choice): [string, object] => [`choice ${choice.kind}`, { assigned: chosen(choice) }]),
  ["first turn", { assigned: chosen({ kind: "turn", of: 3 }) }],
  ["everything of an assignment", { assigned: FULL }],
];

test.each(ALL)("%s is told in every language", async (_name, what) => {
  const words: string[] = [];
  for (const language of Object.keys(LANGUAGES) as Language[]) words.push(await told(what, language));
  for (const word of words) expect(word).toMatch(/^(?!.*(counts\.|cancelledBecause\.|assigned\.|\{\{|undefined)).+/);
  expect(new Set(words).size, words.join(" | ")).toBe(words.length);
});

test("reasons have dates and numbers as the language writes them", async () => {
  expect(await told({ span: SPANS.holiday }, "es")).toBe("Madrid: festivo el 25 dic 2026");
  expect(await told({ span: SPANS.holiday }, "en")).toBe("Madrid has a holiday on Dec 25, 2026");
  expect(await told({ assigned: chosen(CHOICES.least_load) }, "pt-BR")).toContain("1.000");
  expect(await told({ assigned: FULL }, "es")).toContain("regla «money», que encontró la palabra «es»");
});

function Old() {
  return <p data-testid="old">{useAssignmentReason()({ reason: "the named owner" })}</p>;
}

test("what an earlier version wrote down is told as it said it", async () => {
  await speak("es");
  render(<Old />);
  expect(screen.getByTestId("old").textContent).toBe("the named owner");
});
