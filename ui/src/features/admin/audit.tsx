// The audit trail: who did what, when, to what.
import { Group, NativeSelect, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useFormats } from "@/app/format";
import { agentsQuery } from "@/features/directory/directory";
import { Name } from "@/parts/name";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Loaded, Section } from "./frame";
import { useListing } from "./listing";

const startOf = (day: string) => new Date(`${day}T00:00:00`).toISOString();
const endOf = (day: string) => new Date(new Date(`${day}T00:00:00`).getTime() + 86_400_000).toISOString();

/** The kinds of subjects that have a name to be asked for. */
const NAMED = new Set(["account", "agent", "contact", "team", "token"]);

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
        <TextInput
          label={t("audit.action")}
          placeholder="policy.applied"
          value={filter.action}
          onChange={set("action")}
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
                    <Table.Td className={classes.mono}>{entry.action}</Table.Td>
                    <Table.Td>
                      {entry.subject_kind.replaceAll("_", " ")}{" "}
                      {NAMED.has(entry.subject_kind) && <Name id={entry.subject} />}
                    </Table.Td>
                    <Table.Td className={classes.code}>
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

/** What is known beside, one `key: value` a line; the token by which it was done by its name. */
function Detail({ detail }: { detail: unknown }) {
  if (typeof detail !== "object" || detail === null) return null;
  return Object.entries(detail).map(([key, value]) => (
    <div key={key}>
      {key}:{" "}
      {key === "token" && typeof value === "string" ? (
        <Name id={value} />
      ) : typeof value === "string" ? (
        value
      ) : (
        JSON.stringify(value)
      )}
    </div>
  ));
}
