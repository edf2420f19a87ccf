// A new account, or changes to one. Nothing that somebody else saved meanwhile is overwritten.
import {
  Button,
  Group,
  MultiSelect,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { ifUnchanged, type Versioned } from "@/api/versioned";
import { LANGUAGES } from "@/app/i18n";
import { useAgents } from "@/features/directory/directory";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { useRoleName } from "@/parts/role-name";
import type { Account } from "./queries";

interface AccountFormProps {
  opened: boolean;
  onClose: () => void;
  /** What is changed; a new account when absent. */
  account?: Versioned<Account>;
}

export function AccountForm(props: AccountFormProps) {
  const { t } = useTranslation("accounts");
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={t(props.account ? "edit" : "new")} size="lg">
      <Fields {...props} />
    </Dialog>
  );
}

/** The zones that the browser knows, the one of the account among them. */
function zones(own: string | null | undefined): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return own && !known.includes(own) ? [own, ...known] : known;
}

const ROLES = ["success_manager", "account_manager", "technical_contact", "executive_sponsor"] as const;

function Fields({ onClose, account: read }: AccountFormProps) {
  const { t } = useTranslation("accounts");
  const roleName = useRoleName();
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const agents = useAgents();
  // As it was when the form was opened: what is read again meanwhile must not make an old form look new.
  const [account] = useState(read);
  const was = account?.value;
  const form = useForm({
    initialValues: {
      name: was?.name ?? "",
      external_id: was?.external_id ?? "",
      domains: was?.domains ?? [],
      language: was?.language ?? null,
      time_zone: was?.time_zone ?? null,
      people: was?.people ?? [],
      notes: was?.notes ?? "",
      archived: Boolean(was?.archived_at),
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (values: typeof form.values) => {
      const { archived, ...rest } = values;
      const body = { ...rest, external_id: values.external_id.trim() || null };
      return account
        ? data(
            api.PATCH("/api/v1/accounts/{id}", {
              params: { path: { id: account.value.id }, header: ifUnchanged(account) },
              body: { ...body, archived },
            }),
          )
        : data(api.POST("/api/v1/accounts", { body, headers: onceKey() }));
    },
    onSuccess: async (saved) => {
      onClose();
      if (!account) await navigate({ to: "/accounts/$id", params: { id: saved.id } });
    },
    onError: (error) => form.setErrors(faultsByField(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["accounts"] }),
  });
  const roles = [...new Set([...ROLES, ...form.values.people.map(({ role }) => role)])];
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <Refusal error={save.error} />
        <TextInput label={t("name")} required data-autofocus {...form.getInputProps("name")} />
        <Group grow align="start">
          <TextInput label={t("externalId")} {...form.getInputProps("external_id")} />
          <TagsInput label={t("domains")} {...form.getInputProps("domains")} />
        </Group>
        <Group grow align="start">
          <Select
            label={t("language")}
            clearable
            data={[...new Set([...Object.keys(LANGUAGES), ...(was?.language ? [was.language] : [])])].map((value) => ({
              value,
              label: new Intl.DisplayNames([value], { type: "language" }).of(value) ?? value,
            }))}
            {...form.getInputProps("language")}
          />
          <Select
            label={t("timeZone")}
            clearable
            searchable
            limit={40}
            data={zones(was?.time_zone)}
            {...form.getInputProps("time_zone")}
          />
        </Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {roles.map((role) => (
            <MultiSelect
              key={role}
              label={roleName(role)}
              searchable
              clearable
              data={[...agents.values()].map(({ id, name }) => ({ value: id, label: name }))}
              value={form.values.people.filter((each) => each.role === role).map(({ agent }) => agent)}
              onChange={(chosen) =>
                form.setFieldValue("people", [
                  ...form.values.people.filter((each) => each.role !== role),
                  ...chosen.map((agent) => ({ role, agent })),
                ])
              }
            />
          ))}
        </SimpleGrid>
        <Textarea label={t("notes")} autosize minRows={3} maxRows={10} {...form.getInputProps("notes")} />
        {account && (
          <Switch
            label={t("archive")}
            description={t("archiveHint")}
            {...form.getInputProps("archived", { type: "checkbox" })}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common("action.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {common("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
