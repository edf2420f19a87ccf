// The audit trail: who did what, when, to what.
import { Group, NativeSelect, Select, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { agentsQuery } from "@/features/directory/directory";
import { Name } from "@/parts/name";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { ACTIONS, type SUBJECTS } from "./audit-words";
import { Loaded, Section } from "./frame";
import { useListing } from "./listing";

const startOf = (day: string) => new Date(`${day}T00:00:00`).toISOString();
const endOf = (day: string) => new Date(new Date(`${day}T00:00:00`).getTime() + 86_400_000).toISOString();

type Entry = Schemas["AuditEntry"];

/** The kinds of subjects that have a name to be asked for. */
const NAMED = new Set(["account", "agent", "contact", "team", "token"]);

/** Those whose identifier is itself what people call them. */
const SPEAKING = new Set(["person", "policy"]);

/** The particulars that name an agent or a token. */
const NAMING = new Set(["agent", "as", "token"]);

export function Audit() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const { data: agents = [] } = useQuery(agentsQuery);
  const [filter, setFilter] = useState({ agent: "", action: "", from: "", until: "" });
  const [settled] = useDebouncedValue(filter, 300);
  const entries = useListing(["audit", settled], (cursor) =>
    data(
      api.GET("/api/v1/audit", {
        params: {
          query: {
            limit: 50,
            cursor,
            ...(settled.agent && { agent: settled.agent }),
            ...(settled.action && { action: settled.action }),
            ...(settled.from && { from: startOf(settled.from) }),
            ...(settled.until && { until: endOf(settled.until) }),
          },
        },
      }),
    ),
  );
  const set = (key: keyof typeof filter) => (event: { currentTarget: { value: string } }) =>
    setFilter({ ...filter, [key]: event.currentTarget.value });
  return (
    <Section title={t("audit.nav")} lead={t("audit.lead")}>
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label={t("audit.who")}
          value={filter.agent}
          onChange={set("agent")}
          data={[
            { value: "", label: t("audit.anybody") },
            ...agents.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
        <Select
          label={t("audit.action")}
          placeholder={t("audit.anything")}
          w="16rem"
          searchable
          clearable
          data={ACTIONS.map((value) => ({ value, label: t(`audit.did.${value}`) })).sort((one, other) =>
            one.label.localeCompare(other.label),
          )}
          value={filter.action || null}
          onChange={(action) => setFilter({ ...filter, action: action ?? "" })}
        />
        <TextInput type="date" label={t("audit.from")} value={filter.from} onChange={set("from")} />
        <TextInput type="date" label={t("audit.until")} value={filter.until} onChange={set("until")} />
      </Group>
      <Loaded query={entries} empty={{ title: t("audit.none"), hint: t("audit.noneHint") }}>
        {(all) => (
          <Wide label={t("audit.nav")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("audit.when")}</Table.Th>
                  <Table.Th>{t("audit.who")}</Table.Th>
                  <Table.Th>{t("audit.action")}</Table.Th>
                  <Table.Th>{t("audit.subject")}</Table.Th>
                  <Table.Th>{t("audit.detail")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((entry) => (
                  <Table.Tr key={entry.id}>
                    <Table.Td className="tabular" style={{ whiteSpace: "nowrap" }}>
                      {format.instant(entry.at)}
                    </Table.Td>
                    <Table.Td>{entry.actor ? <Name id={entry.actor} /> : t("system")}</Table.Td>
                    <Table.Td title={entry.action}>
                      {t(`audit.did.${entry.action as (typeof ACTIONS)[number]}`, { defaultValue: entry.action })}
                    </Table.Td>
                    <Table.Td>
                      <Subject kind={entry.subject_kind} subject={entry.subject} />
                    </Table.Td>
                    <Table.Td>
                      <Detail detail={entry.detail} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
    </Section>
  );
}

/** What it was done to: its kind, and its name where it has one. */
function Subject({ kind, subject }: { kind: Entry["subject_kind"]; subject: string }) {
  const { t } = useTranslation("admin");
  const word = t(`audit.of.${kind as (typeof SUBJECTS)[number]}`, { defaultValue: kind });
  if (kind === "ticket") {
    return (
      <Link to="/tickets/$id" params={{ id: subject }}>
        {word}
      </Link>
    );
  }
  return (
    <>
      {word} {NAMED.has(kind) ? <Name id={subject} /> : SPEAKING.has(kind) && subject}
    </>
  );
}

/** What is known beside, one part a line; agents and the token by which it was done by their names. */
function Detail({ detail }: { detail: unknown }) {
  const { t } = useTranslation("admin");
  if (typeof detail !== "object" || detail === null) return null;
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "")
    .map(([key, value]) => (
      <div key={key} className={classes.part}>
        <Text span size="sm" c="dimmed">
          {t(`audit.parts.${key as "note"}`, { defaultValue: key })}:
        </Text>{" "}
        {NAMING.has(key) && typeof value === "string" ? (
          <Name id={value} />
        ) : typeof value === "string" ? (
          value
        ) : (
          JSON.stringify(value)
        )}
      </div>
    ));
}
