// A ticket that an agent opens for a customer.
import { Button, FileButton, Group, Radio, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPaperclip } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { useMay } from "@/app/session";
import { accountsQuery, contactsQuery } from "@/features/accounts/queries";
import { useName } from "@/features/directory/names";
import { policyQuery, usePolicy } from "@/features/policy/policy";
import { Page } from "@/parts/page";
import { Refusal } from "@/parts/refusal";
import { Severity } from "@/parts/severity";
import { FailedPart, Forbidden } from "@/parts/states";
import classes from "./new-ticket.module.css";
import { UploadList } from "./upload-list";
import { useUploads } from "./uploads";

const route = getRouteApi("/_work/tickets/new");

/** The form, for those whom the service lets open tickets. */
export function NewTicket() {
  return useMay("ticket.create") ? <NewTicketForm /> : <Forbidden order={1} />;
}

function NewTicketForm() {
  const { t } = useTranslation("new_ticket");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const policy = usePolicy();
  const readPolicy = useQuery(policyQuery);
  const search = route.useSearch();
  const form = useForm({
    initialValues: { account: search.account ?? "", contact: "", subject: "", message: "", severity: "", category: "" },
    validate: {
      account: (value) => (value ? null : t("accountMissing")),
      subject: (value) => (value.trim() ? null : t("subjectMissing")),
    },
  });
  const [key] = useState(onceKey);
  const { uploads, add, remove } = useUploads();
  const open = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (values: typeof form.values) =>
      data(
        api.POST("/api/v1/tickets", {
          body: {
            account: values.account,
            contact: values.contact || null,
            subject: values.subject.trim(),
            message: values.message.trim() || null,
            severity: values.severity || null,
            category: values.category || null,
            attachments: uploads.flatMap(({ id }) => id ?? []),
          },
          headers: key,
        }),
      ),
    onError: (error) => form.setErrors(faultsByField(error)),
    onSuccess: async (ticket) => {
      void queries.invalidateQueries({ queryKey: ["tickets"] });
      await navigate({ to: "/tickets/$id", params: { id: String(ticket.number) } });
    },
  });
  return (
    <Page title={t("title")}>
      <form onSubmit={form.onSubmit((values) => open.mutate(values))} className={classes.form} noValidate>
        <Stack>
          <Refusal error={open.error} />
          <Group grow align="start" className={classes.pair}>
            <AccountSelect
              value={form.values.account}
              error={form.errors.account}
              onChange={(account) => form.setValues({ account, contact: "" })}
            />
            <ContactSelect
              account={form.values.account}
              value={form.values.contact}
              onChange={(contact) => form.setFieldValue("contact", contact)}
            />
          </Group>
          <TextInput label={t("subject")} required {...form.getInputProps("subject")} />
          <Textarea label={t("message")} autosize minRows={6} maxRows={20} {...form.getInputProps("message")} />
          <Radio.Group label={t("severity")} description={t("severityHint")} {...form.getInputProps("severity")}>
            <div className={classes.severities}>
              <Radio.Card value="" className={classes.option ?? ""}>
                <Text fw={550}>{t("byRule")}</Text>
                <Text size="sm" c="dimmed">
                  {t("byRuleHint")}
                </Text>
              </Radio.Card>
              {policy?.severities.map(({ severity, definition }) => (
                <Radio.Card key={severity} value={severity} className={classes.option ?? ""}>
                  <Severity severity={severity} />
                  <Text size="sm" c="dimmed">
                    {definition.join(". ")}
                  </Text>
                </Radio.Card>
              ))}
            </div>
          </Radio.Group>
          <FailedPart query={readPolicy} words={t("missed.policy")} />
          <Select
            label={t("category")}
            clearable
            data={(policy?.categories ?? []).map(({ name, title }) => ({ value: name, label: title }))}
            description={policy?.categories.find(({ name }) => name === form.values.category)?.description}
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={form.values.category || null}
            onChange={(category) => form.setFieldValue("category", category ?? "")}
          />
          <Group gap="xs">
            <FileButton multiple onChange={add}>
              {(props) => (
                <Button {...props} variant="default" leftSection={<IconPaperclip size={16} aria-hidden />}>
                  {t("attach")}
                </Button>
              )}
            </FileButton>
            <UploadList uploads={uploads} onRemove={remove} />
          </Group>
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={open.isPending}
              disabled={uploads.some(({ id, failure }) => !id && failure === undefined)}
            >
              {t("open")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}

interface SelectProps {
  value: string;
  onChange: (value: string) => void;
  error?: React.ReactNode;
}

/** Finds an account by what is typed, whether there are ten of them or thousands. */
function AccountSelect({ value, onChange, error }: SelectProps) {
  const { t } = useTranslation("new_ticket");
  const name = useName(value);
  const [text, setText] = useState("");
  const [sought] = useDebouncedValue(text, 200);
  const found = useInfiniteQuery(accountsQuery(sought && sought !== name ? { text: sought } : {}));
  const items = found.data?.pages[0]?.items ?? [];
  const options = items.map((account) => ({ value: account.id, label: account.name }));
  if (value && name && !items.some(({ id }) => id === value)) options.unshift({ value, label: name });
  return (
    <div>
      <Select
        label={t("account")}
        required
        searchable
        clearable
        data={options}
        filter={({ options: all }) => all}
        searchValue={text}
        onSearchChange={setText}
        nothingFoundMessage={t(found.isFetching ? "seeking" : "nothingFound")}
        value={value || null}
        onChange={(account) => onChange(account ?? "")}
        error={error}
      />
      <FailedPart query={found} words={t("missed.accounts")} />
    </div>
  );
}

function ContactSelect({ account, value, onChange }: SelectProps & { account: string }) {
  const { t } = useTranslation("new_ticket");
  const contacts = useQuery({ ...contactsQuery(account), enabled: account !== "" });
  return (
    <div>
      <Select
        label={t("contact")}
        placeholder={account ? undefined : t("accountFirst")}
        disabled={!account}
        searchable
        clearable
        data={(contacts.data ?? [])
          .filter(({ active }) => active)
          .map(({ id, name, addresses }) => ({ value: id, label: [name, addresses[0]].filter(Boolean).join(" · ") }))}
        value={value || null}
        nothingFoundMessage={contacts.isSuccess ? t("noContacts") : undefined}
        onChange={(contact) => onChange(contact ?? "")}
      />
      <FailedPart query={contacts} words={t("missed.contacts")} />
    </div>
  );
}
