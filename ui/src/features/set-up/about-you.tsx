// The steps after the policy: the mailbox, the first team, the first account, the first ticket.
import { Button, Group, NativeSelect, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useMe } from "@/app/session";
import { Loaded } from "@/features/admin/frame";
import { policyQuery, SEVERITIES } from "@/features/admin/policy-data";
import { Refusal } from "@/parts/refusal";
import classes from "../admin/admin.module.css";

interface StepProps {
  onDone: () => void;
}

/** A step with its fields, which may be left for later. */
function StepForm({ name, error, pending, onSubmit, onDone, children }: StepFormProps) {
  const { t } = useTranslation("set_up");
  return (
    <form onSubmit={onSubmit}>
      <Stack maw="32rem">
        <Title order={2}>{t(`${name}.title`)}</Title>
        <Text c="dimmed">{t(`${name}.lead`)}</Text>
        <Refusal error={error} />
        {children}
        <Group>
          <Button type="submit" loading={pending}>
            {t(`${name}.submit`)}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t("later")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface StepFormProps extends StepProps {
  name: "team" | "account" | "ticket";
  error: Error | null;
  pending: boolean;
  onSubmit: (event: React.FormEvent<HTMLFormElement>) => void;
  children: ReactNode;
}

/** What is set of mail, how it is set, and which mails came in: the test is a mail that one writes oneself. */
export function MailboxStep({ onDone }: StepProps) {
  const { t } = useTranslation("set_up");
  const settings = useQuery({
    queryKey: ["settings", "mail"],
    queryFn: () => data(api.GET("/api/v1/settings")),
  });
  const received = useQuery({
    queryKey: ["mails", "received", "count"],
    refetchInterval: 5_000,
    queryFn: () => data(api.GET("/api/v1/mail/received", { params: { query: { limit: 5 } } })),
  });
  return (
    <Stack maw="40rem">
      <Title order={2}>{t("mailbox.title")}</Title>
      <Text c="dimmed">{t("mailbox.lead")}</Text>
      <Loaded query={settings}>
        {({ items }) => {
          const settingOf = (key: string) => items.find((each) => each.key === key)?.value;
          const boxes = items.filter(({ key, value }) => /^mail\.mailboxes\.\d+\.host$/.test(key) && value);
          const ready = boxes.length > 0 && settingOf("smtp.host");
          return (
            <>
              <Text>{t("mailbox.from", { address: settingOf("mail.from"), company: settingOf("mail.company") })}</Text>
              <Text fw={550}>{t(ready ? "mailbox.ready" : "mailbox.notReady")}</Text>
              {!ready && <pre className={classes.code}>{EXAMPLE}</pre>}
            </>
          );
        }}
      </Loaded>
      <Text role="status">{t("mailbox.received", { count: received.data?.items.length ?? 0 })}</Text>
      <Button w="fit-content" onClick={onDone}>
        {t("mailbox.submit")}
      </Button>
    </Stack>
  );
}

const EXAMPLE = `# mainstay.toml
[mail]
from = "support@example.com"
company = "Example"

[smtp]
host = "smtp.example.com"
user = "support@example.com"
password = "…"

[[mail.mailboxes]]
host = "imap.example.com"
user = "support@example.com"
password = "…"`;

export function TeamStep({ onDone }: StepProps) {
  const { t } = useTranslation("set_up");
  const me = useMe();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: t("team.example") } });
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ name }: { name: string }) =>
      data(api.POST("/api/v1/teams", { body: { name, members: me.id ? [me.id] : [] }, headers: onceKey() })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["teams"] });
      onDone();
    },
  });
  return (
    <StepForm
      name="team"
      error={make.error}
      pending={make.isPending}
      onSubmit={form.onSubmit((values) => make.mutate(values))}
      onDone={onDone}
    >
      <TextInput label={t("team.name")} required {...form.getInputProps("name")} />
    </StepForm>
  );
}

export function AccountStep({ onDone }: StepProps) {
  const { t } = useTranslation("set_up");
  const queries = useQueryClient();
  const policy = useQuery(policyQuery);
  const tiers = policy.data?.tiers.map(({ name }) => name) ?? [];
  const form = useForm({ initialValues: { name: "", domain: "", tier: "", person: "", address: "" } });
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (values: typeof form.values) => {
      const domains = values.domain ? [values.domain] : [];
      const account = await data(
        api.POST("/api/v1/accounts", { body: { name: values.name, domains }, headers: onceKey() }),
      );
      await data(
        api.POST("/api/v1/accounts/{id}/contracts", {
          params: { path: { id: account.id } },
          headers: onceKey(),
          body: {
            tier: values.tier || tiers[0] || "",
            starts_on: new Date().toISOString().slice(0, 10),
            value: 0,
            currency: "EUR",
          },
        }),
      );
      if (!values.address) return;
      await data(
        api.POST("/api/v1/contacts", {
          headers: onceKey(),
          body: { account: account.id, name: values.person || values.address, addresses: [values.address] },
        }),
      );
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["accounts"] });
      onDone();
    },
  });
  return (
    <StepForm
      name="account"
      error={make.error}
      pending={make.isPending}
      onSubmit={form.onSubmit((values) => make.mutate(values))}
      onDone={onDone}
    >
      <TextInput label={t("account.name")} required {...form.getInputProps("name")} />
      <TextInput
        label={t("account.domain")}
        description={t("account.domainHint")}
        placeholder="example.com"
        {...form.getInputProps("domain")}
      />
      <NativeSelect
        label={t("account.tier")}
        description={t("account.tierHint")}
        data={tiers}
        {...form.getInputProps("tier")}
      />
      <TextInput label={t("account.person")} {...form.getInputProps("person")} />
      <TextInput label={t("account.address")} type="email" {...form.getInputProps("address")} />
    </StepForm>
  );
}

export function TicketStep({ onDone }: StepProps) {
  const { t } = useTranslation(["set_up", "common"]);
  const accounts = useQuery({
    queryKey: ["accounts", "first"],
    queryFn: () => data(api.GET("/api/v1/accounts", { params: { query: { limit: 50 } } })),
  });
  const form = useForm({ initialValues: { subject: "", message: "", severity: "P3", account: "" } });
  const open = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ account, severity, ...rest }: typeof form.values) => {
      const chosen = account || accounts.data?.items[0]?.id;
      const asked = SEVERITIES.find((each) => each === severity) ?? "P3";
      const body = { ...rest, severity: asked, ...(chosen && { account: chosen }) };
      return data(api.POST("/api/v1/tickets", { body, headers: onceKey() }));
    },
  });
  if (open.data) {
    return (
      <Stack>
        <Title order={2}>{t("ticket.opened", { number: open.data.number })}</Title>
        <Text c="dimmed">{t("ticket.openedLead")}</Text>
        <Group>
          <Button component={Link} to={`/tickets/${open.data.id}`}>
            {t("ticket.go")}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t("ticket.finish")}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <StepForm
      name="ticket"
      error={open.error}
      pending={open.isPending}
      onSubmit={form.onSubmit((values) => open.mutate(values))}
      onDone={onDone}
    >
      <NativeSelect
        label={t("ticket.account")}
        data={accounts.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        {...form.getInputProps("account")}
      />
      <TextInput label={t("ticket.subject")} required {...form.getInputProps("subject")} />
      <Textarea label={t("ticket.message")} required autosize minRows={3} {...form.getInputProps("message")} />
      <NativeSelect
        label={t("ticket.severity")}
        data={SEVERITIES.map((each) => ({ value: each, label: `${each} ${t(`common:severity.${each}`)}` }))}
        {...form.getInputProps("severity")}
      />
    </StepForm>
  );
}
