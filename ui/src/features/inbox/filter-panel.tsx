// The fields that narrow a view. They come when somebody asks for them.
import { MultiSelect, Select, Stack, TagsInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { agentsQuery, teamsQuery } from "@/features/directory/directory";
import { useName } from "@/features/directory/names";
import { policyQuery, usePolicy } from "@/features/policy/policy";
import { FailedPart } from "@/parts/states";
import { type Narrowing, useNarrow } from "./narrow";
import { type InboxSearch, RISKS } from "./views";

const RISK_NAMES = Object.keys(RISKS) as (keyof typeof RISKS)[];

/** The tiers of the policy in force, by the promises made to each. */
function tiersOf(policy: object): string[] {
  const { commitments } = policy as { commitments?: { tier?: string }[] };
  return [...new Set((commitments ?? []).flatMap(({ tier }) => (tier ? [tier] : [])))];
}

export default function FilterPanel({ search }: { search: InboxSearch }) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const narrow = useNarrow();
  const agents = useQuery(agentsQuery);
  const teams = useQuery(teamsQuery);
  const tiers = useQuery({ ...policyQuery, select: tiersOf });
  const policy = usePolicy();
  const listed = (key: Narrowing) => search[key]?.split(",").filter(Boolean) ?? [];
  return (
    <Stack gap="xs">
      <FailedPart query={[agents, teams, tiers]} words={t("missed.choices")} />
      <Select
        label={t("by.risk")}
        value={search.risk ?? null}
        clearable
        comboboxProps={{ withinPortal: false }}
        data={RISK_NAMES.map((value) => ({ value, label: t(`risk.${value}`) }))}
        onChange={(risk) => narrow("risk", risk)}
      />
      <MultiSelect
        label={t("by.severity")}
        value={listed("severity")}
        comboboxProps={{ withinPortal: false }}
        data={(["P1", "P2", "P3", "P4"] as const).map((value) => ({
          value,
          label: `${value} ${common(`severity.${value}`)}`,
        }))}
        onChange={(severity) => narrow("severity", severity)}
      />
      <Select
        label={t("by.assignee")}
        value={search.assignee ?? null}
        clearable
        searchable
        comboboxProps={{ withinPortal: false }}
        data={[
          { value: "none", label: t("nobody") },
          ...(agents.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(assignee) => narrow("assignee", assignee)}
      />
      <Select
        label={t("by.team")}
        value={search.team ?? null}
        clearable
        comboboxProps={{ withinPortal: false }}
        data={(teams.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(team) => narrow("team", team)}
      />
      <AccountFilter value={search.account} onChange={(account) => narrow("account", account)} />
      <MultiSelect
        label={t("by.tier")}
        value={listed("tier")}
        comboboxProps={{ withinPortal: false }}
        data={[...new Set([...(tiers.data ?? []), ...listed("tier")])]}
        onChange={(tier) => narrow("tier", tier)}
      />
      <MultiSelect
        label={t("by.category")}
        value={listed("category")}
        searchable
        comboboxProps={{ withinPortal: false }}
        data={(policy?.categories ?? []).map(({ name, title }) => ({ value: name, label: title }))}
        onChange={(category) => narrow("category", category)}
      />
      <TagsInput
        label={t("by.tag")}
        value={listed("tag")}
        comboboxProps={{ withinPortal: false }}
        onChange={(tag) => narrow("tag", tag)}
      />
    </Stack>
  );
}

/** Chooses among accounts as their name is typed: there may be thousands. */
function AccountFilter({ value, onChange }: { value: string | undefined; onChange: (id: string | null) => void }) {
  const { t } = useTranslation("inbox");
  const chosen = useName(value);
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed, 250);
  const found = useQuery({
    queryKey: ["accounts", "choice", text],
    queryFn: () => data(api.GET("/api/v1/accounts", { params: { query: { text, limit: 20 } } })),
    placeholderData: keepPreviousData,
  });
  const options = (found.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const isListed = !value || options.some((option) => option.value === value);
  return (
    <>
      <Select
        label={t("by.account")}
        value={value ?? null}
        clearable
        searchable
        filter={({ options }) => options}
        onSearchChange={setTyped}
        comboboxProps={{ withinPortal: false }}
        data={isListed || !value ? options : [{ value, label: chosen ?? "…" }, ...options]}
        onChange={onChange}
      />
      <FailedPart query={found} words={t("missed.choices")} />
    </>
  );
}
