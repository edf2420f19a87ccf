// The last steps: the first team, the first account, the first ticket.
import { Button, Group, NativeSelect, Stack, Switch, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { useMe } from "@/app/session";
import { contactsQuery } from "@/features/accounts/queries";
import { mailboxesQuery } from "@/features/admin/mailboxes";
import { policyQuery, SEVERITIES } from "@/features/admin/policy-data";
import { Refusal } from "@/parts/refusal";

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

export function TeamStep({ onDone }: StepProps) {
  const { t } = useTranslation("set_up");
  const me = useMe();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: t("team.example") } });
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ name }: { name: string }) =>
      data(api.POST("/api/v1/teams", { body: { name, members: me.id ? [me.id] : [] }, headers: onceKey() })),
    onError: (error) => form.setErrors(faultsByField(error)),
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
  const form = useForm({ initialValues: { name: "", domain: "", tier: "", person: "", address: "", portal: true } });
  const made = useRef<{ account?: string; contract?: string }>({});
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (values: typeof form.values) => {
      const domains = values.domain ? [values.domain] : [];
      // What was made before a later part was refused is not made again.
      made.current.account ??= (
        await data(api.POST("/api/v1/accounts", { body: { name: values.name, domains }, headers: onceKey() }))
      ).id;
      const account = made.current.account;
      made.current.contract ??= (
        await data(
          api.POST("/api/v1/accounts/{id}/contracts", {
            params: { path: { id: account } },
            headers: onceKey(),
            body: {
              tier: values.tier || tiers[0] || "",
              starts_on: new Date().toISOString().slice(0, 10),
              value: 0,
              currency: "EUR",
            },
          }),
        )
      ).id;
      if (!values.address) return;
      await data(
        api.POST("/api/v1/contacts", {
          headers: onceKey(),
          body: {
            account,
            name: values.person || values.address,
            addresses: [values.address],
            ...(values.portal && { portal: "administrator" }),
          },
        }),
      );
    },
    onError: (error) =>
      // With the contract made, it was the person who was refused.
      form.setErrors(
        faultsByField(error, made.current.contract ? { name: "person", addresses: "address" } : { domains: "domain" }),
      ),
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
      <Switch
        label={t("account.portal")}
        description={t("account.portalHint")}
        {...form.getInputProps("portal", { type: "checkbox" })}
      />
    </StepForm>
  );
}

export function TicketStep({ onDone }: StepProps) {
  const { t } = useTranslation(["set_up", "common"]);
  const accounts = useQuery({
    queryKey: ["accounts", "first"],
    queryFn: () => data(api.GET("/api/v1/accounts", { params: { query: { limit: 50 } } })),
  });
  const mailboxes = useQuery(mailboxesQuery);
  const address = mailboxes.data?.find(({ incoming, active }) => incoming && active)?.address;
  const form = useForm({ initialValues: { subject: "", message: "", severity: "P3", account: "", contact: "" } });
  const account = form.values.account || accounts.data?.items[0]?.id;
  const contacts = useQuery({ ...contactsQuery(account ?? ""), enabled: account !== undefined });
  const people = contacts.data?.filter(({ active }) => active) ?? [];
  const open = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ subject, message, severity, contact }: typeof form.values) => {
      const asked = SEVERITIES.find((each) => each === severity) ?? "P3";
      // Without somebody who asks, nobody would read the answer.
      const who = contact || people[0]?.id;
      const body = { subject, message, severity: asked, ...(account && { account }), ...(who && { contact: who }) };
      return data(api.POST("/api/v1/tickets", { body, headers: onceKey() }));
    },
    onError: (error) => form.setErrors(faultsByField(error)),
  });
  const come = useQuery({
    queryKey: ["tickets", "first"],
    refetchInterval: 4_000,
    queryFn: () => data(api.GET("/api/v1/tickets", { params: { query: { limit: 1 } } })),
  });
  const first = open.data ?? come.data?.items[0];
  if (first) {
    return (
      <Stack>
        <Title order={2}>{t("ticket.opened", { number: first.number })}</Title>
        <Text c="dimmed">{t("ticket.openedLead")}</Text>
        <Group>
          <Button component={Link} to={`/tickets/${first.id}`}>
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
      <Text role="status">{address ? t("ticket.mailedTo", { address }) : t("ticket.mailed")}</Text>
      <NativeSelect
        label={t("ticket.account")}
        data={accounts.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        {...form.getInputProps("account")}
        onChange={(event) => form.setValues({ account: event.currentTarget.value, contact: "" })}
      />
      {people.length > 0 && (
        <NativeSelect
          label={t("ticket.contact")}
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          {...form.getInputProps("contact")}
        />
      )}
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
