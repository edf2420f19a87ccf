// Whatever can happen to a ticket is said in every language.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { beforeAll, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { LANGUAGES, type Language, speak, startLanguage } from "@/app/i18n";
import { FactWords } from "./fact-words";

type Fact = Schemas["Fact"];
type What = Schemas["FactWhat"];

const ANA = "018f0000-0000-7000-8000-00000000000a";
const other = { ticket: ANA, number: 7 };
const due = { commitment: "first_response", due_at: "2026-03-02T10:00:00Z" };

/** One of each, as the service tells them. */
const ALL: { [Kind in What["kind"]]: Omit<Extract<What, { kind: Kind }>, "kind"> } = {
  opened: { channel: "email", severity: "P1", status: "new" },
  message_added: { message: ANA, side: "agent", visibility: "public", origin: "person", channel: "email" },
  status_changed: { from: "open", to: "pending_customer" },
  severity_changed: { from: "P3", to: "P1", reason: "all is down" },
  category_changed: { to: "billing" },
  account_changed: { to: ANA },
  terms_changed: { tier: null },
  team_changed: { to: null },
  assignee_changed: { to: ANA, reason: null },
  tags_added: { tags: ["fire"] },
  tags_removed: { tags: ["fire", "smoke"] },
  contact_changed: { to: ANA },
  subject_changed: { to: "Printer" },
  field_changed: { field: "room", to: "7" },
  follower_added: { agent: ANA },
  follower_removed: { agent: ANA },
  linked: { to: ANA, relation: "caused_by" },
  unlinked: { to: ANA },
  change_undone: { first: 2, last: 2 },
  merged_into: other,
  merged_from: other,
  split_from: other,
  split_into: other,
  rated: { score: "good", comment: "Thanks" },
  escalation_raised: { escalation: ANA, ladder: "critical" },
  escalation_acknowledged: { escalation: ANA },
  escalation_resolved: { escalation: ANA },
  clock_warned: due,
  clock_missed: due,
  clock_corrected: { commitment: "first_response" },
};

beforeAll(startLanguage);

async function said(what: What, language: Language): Promise<string> {
  await speak(language);
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  queries.setQueryData(["names", ANA], "Ana");
  const fact = {
    id: ANA,
    sequence: 1,
    at: "2026-03-02T09:00:00Z",
    recorded_at: "2026-03-02T09:00:00Z",
    actor: { kind: "system" },
    policy: 1,
    ...what,
  } as Fact;
  const { unmount } = render(
    <QueryClientProvider client={queries}>
      <p data-testid="said">
        <FactWords fact={fact} />
      </p>
    </QueryClientProvider>,
  );
  const words = screen.getByTestId("said").textContent ?? "";
  unmount();
  return words;
}

test.each(Object.keys(ALL) as What["kind"][])("%s is said in every language", async (kind) => {
  const words: string[] = [];
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    words.push(await said({ kind, ...ALL[kind] } as What, language));
  }
  for (const word of words) expect(word).toMatch(/^(?!.*(fact\.|\{\{|undefined|…)).+/);
  expect(new Set(words).size, words.join(" | ")).toBeGreaterThan(kind === "field_changed" ? 0 : 1);
});

test("facts are said with their values", async () => {
  const status = { kind: "status_changed", ...ALL.status_changed } as What;
  expect(await said(status, "es")).toBe("Estado: Abierto → En espera del cliente");
  expect(await said({ kind: "assignee_changed", to: ANA, reason: null }, "pt-BR")).toBe("Atribuído a Ana");
  expect(await said({ kind: "tags_removed", tags: ["fire", "smoke"] }, "en")).toBe("Tags removed: fire and smoke");
});
