// A macro, made or changed: its name, whose it is, and what it does in which order.
import { Button, Group, NativeSelect, Stack, Switch, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, onVersion, type Schemas } from "@/api/client";
import { faultsByField, faultsByPath } from "@/api/faults";
import { useAgents, useTeams } from "@/features/directory/directory";
import { usePolicy } from "@/features/policy/policy";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { versioned } from "./listing";
import { SEVERITIES } from "./policy-data";

type Macro = Schemas["Macro"];
type Action = Schemas["MacroAction"];

/** What an action is before anybody filled it in. */
const BLANK: Record<Action["do"], Action> = {
  reply: { do: "reply", text: "" },
  note: { do: "note", text: "" },
  set_status: { do: "set_status", to: "pending_customer" },
  set_severity: { do: "set_severity", to: "P3" },
  set_category: { do: "set_category", to: null },
  assign: { do: "assign", to: null },
  set_team: { do: "set_team", to: null },
  add_tags: { do: "add_tags", tags: [] },
  remove_tags: { do: "remove_tags", tags: [] },
  set_field: { do: "set_field", field: "", to: "" },
  follow: { do: "follow" },
};
const KINDS = Object.keys(BLANK) as Action["do"][];
const STATUSES = ["open", "pending_customer", "on_hold", "resolved", "closed"] as const;

interface Draft {
  key: number;
  action: Action;
}

export function MacroDialog({ macro, onClose }: { macro: Macro | null; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const read = useQuery({
    queryKey: ["macro", macro?.id],
    enabled: macro !== null,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => versioned(api.GET("/api/v1/macros/{id}", { params: { path: { id: macro?.id ?? "" } } })),
  });
  const [name, setName] = useState(macro?.name ?? "");
  const [description, setDescription] = useState(macro?.description ?? "");
  const [shared, setShared] = useState(macro ? !macro.owner : true);
  const [drafts, setDrafts] = useState<Draft[]>(
    (macro?.actions ?? [BLANK.reply]).map((action, key) => ({ key, action })),
  );
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () => {
      const body = { name, description, actions: drafts.map(({ action }) => action) };
      if (!macro) return data(api.POST("/api/v1/macros", { body: { ...body, shared }, headers: onceKey() }));
      const params = { path: { id: macro.id }, header: onVersion(read.data?.version ?? "") };
      const change = shared === !macro.owner ? body : { ...body, shared };
      return data(api.PATCH("/api/v1/macros/{id}", { params, body: change }));
    },
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["macros"] }),
  });
  const faults = faultsByField(save.error);
  const paths = faultsByPath(save.error);
  const faultOf = (place: number) =>
    Object.entries(paths).find(([path]) => `${path}.`.startsWith(`actions.${place}.`))?.[1];
  const add = (kind: Action["do"]) =>
    setDrafts([...drafts, { key: Math.max(-1, ...drafts.map(({ key }) => key)) + 1, action: BLANK[kind] }]);
  return (
    <Dialog opened onClose={onClose} size="lg" title={t(macro ? "macros.change" : "macros.new")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <Refusal error={save.error ?? read.error} />
          <TextInput
            label={t("macros.name")}
            required
            data-autofocus
            value={name}
            error={faults.name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <TextInput
            label={t("macros.description")}
            value={description}
            error={faults.description}
            onChange={({ currentTarget }) => setDescription(currentTarget.value)}
          />
          <Switch
            label={t("macros.shared")}
            checked={shared}
            onChange={({ currentTarget }) => setShared(currentTarget.checked)}
          />
          {drafts.map(({ key, action }, place) => (
            <Group key={key} align="flex-end" wrap="nowrap" gap="xs">
              <Stack flex={1} gap={0}>
                <ActionFields
                  action={action}
                  onChange={(changed) =>
                    setDrafts(drafts.map((each) => (each.key === key ? { key, action: changed } : each)))
                  }
                />
                {faultOf(place) && (
                  <Text size="xs" c="var(--mantine-color-error)">
                    {faultOf(place)}
                  </Text>
                )}
              </Stack>
              <Button
                variant="default"
                onClick={() => setDrafts(drafts.filter((each) => each.key !== key))}
                aria-label={t("macros.without", { action: t(`macros.do.${action.do}`) })}
              >
                {t("remove")}
              </Button>
            </Group>
          ))}
          <NativeSelect
            label={t("macros.add")}
            value=""
            onChange={({ currentTarget }) => {
              const kind = KINDS.find((each) => each === currentTarget.value);
              if (kind) add(kind);
            }}
            data={[
              { value: "", label: t("macros.choose") },
              ...KINDS.map((kind) => ({ value: kind, label: t(`macros.do.${kind}`) })),
            ]}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button
              type="submit"
              loading={save.isPending}
              disabled={drafts.length === 0 || (macro !== null && !read.data)}
            >
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** What an action needs to know. */
function ActionFields({ action, onChange }: { action: Action; onChange: (action: Action) => void }) {
  const { t } = useTranslation(["admin", "common"]);
  const agents = useAgents();
  const teams = useTeams();
  const categories = usePolicy()?.categories ?? [];
  const label = t(`macros.do.${action.do}`);
  const named = (all: Iterable<{ id: string; name: string }>) => [
    { value: "", label: t("macros.nobody") },
    ...[...all].map(({ id, name }) => ({ value: id, label: name })),
  ];
  switch (action.do) {
    case "reply":
    case "note":
      return (
        <Textarea
          label={label}
          description={t("macros.filledIn", { example: "{{ contact.name }}" })}
          autosize
          minRows={2}
          required
          value={action.text}
          onChange={({ currentTarget }) => onChange({ ...action, text: currentTarget.value })}
        />
      );
    case "set_status":
      return (
        <NativeSelect
          label={label}
          value={action.to}
          onChange={({ currentTarget }) => onChange({ ...action, to: currentTarget.value })}
          data={[...new Set([...STATUSES, action.to])].map((status) => ({
            value: status,
            label: t(`common:status.${status as "open"}`, { defaultValue: status }),
          }))}
        />
      );
    case "set_severity":
      return (
        <NativeSelect
          label={label}
          value={action.to}
          onChange={({ currentTarget }) => onChange({ ...action, to: currentTarget.value })}
          data={SEVERITIES.map((each) => ({ value: each, label: `${each} ${t(`common:severity.${each}`)}` }))}
        />
      );
    case "assign":
    case "set_team":
      return (
        <NativeSelect
          label={label}
          value={action.to ?? ""}
          onChange={({ currentTarget }) => onChange({ ...action, to: currentTarget.value || null })}
          data={named(action.do === "assign" ? agents.values() : teams.values())}
        />
      );
    case "add_tags":
    case "remove_tags":
      return <TagsInput label={label} value={action.tags} onChange={(tags) => onChange({ ...action, tags })} />;
    case "set_category":
      return (
        <NativeSelect
          label={label}
          value={action.to ?? ""}
          onChange={({ currentTarget }) => onChange({ ...action, to: currentTarget.value || null })}
          data={[
            { value: "", label: t("macros.noCategory") },
            ...categories.map(({ name, title }) => ({ value: name, label: title })),
            // One that the policy in force does not know any more stays until another is chosen.
            ...(action.to && !categories.some(({ name }) => name === action.to)
              ? [{ value: action.to, label: action.to }]
              : []),
          ]}
        />
      );
    case "set_field":
      return (
        <Group gap="xs" grow>
          <TextInput
            label={t("macros.field")}
            required
            value={action.field}
            onChange={({ currentTarget }) => onChange({ ...action, field: currentTarget.value })}
          />
          <TextInput
            label={t("macros.value")}
            value={action.to ?? ""}
            onChange={({ currentTarget }) => onChange({ ...action, to: currentTarget.value || null })}
          />
        </Group>
      );
    case "follow":
      return <Text>{label}</Text>;
  }
}
