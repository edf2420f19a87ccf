// The people at an account.
import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { ifUnchanged, type Versioned, versioned } from "@/api/versioned";
import { useMay } from "@/app/session";
import { Avatar } from "@/parts/avatar";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { ResetFactor } from "@/parts/reset-factor";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./accounts.module.css";
import { type Account, type Contact, contactsQuery } from "./queries";

export function Contacts({ account }: { account: Account }) {
  const { t } = useTranslation("accounts");
  const contacts = useQuery(contactsQuery(account.id));
  const mayUpdate = useMay("contact.update");
  const [form, setForm] = useState<"new" | Versioned<Contact>>();
  const edit = useMutation({
    mutationFn: (id: string) => versioned(api.GET("/api/v1/contacts/{id}", { params: { path: { id } } })),
    onSuccess: setForm,
  });
  return (
    <section className={classes.card} aria-label={t("contacts")}>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t("contacts")}</Title>
        {mayUpdate && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setForm("new")}
          >
            {t("addContact")}
          </Button>
        )}
      </Group>
      {contacts.isPending && <LoadingRows rows={3} />}
      {contacts.isLoadingError && <Failure error={contacts.error} onRetry={() => void contacts.refetch()} />}
      {contacts.data?.length === 0 && <Text c="dimmed">{t("noContacts")}</Text>}
      <ul className={classes.plain}>
        {contacts.data?.map((contact) => (
          <li key={contact.id} className={classes.line}>
            <Avatar name={contact.name} />
            <span className={classes.grow}>
              {contact.name}
              <Text size="xs" c="dimmed">
                {[...contact.addresses, contact.phone].filter(Boolean).join(" · ")}
              </Text>
            </span>
            {contact.portal && <Badge variant="default">{t(`portal.${contact.portal}`)}</Badge>}
            {!contact.active && <Badge variant="default">{t("inactive")}</Badge>}
            {mayUpdate && (
              <ActionIcon
                variant="subtle"
                aria-label={t("editContact", { name: contact.name })}
                loading={edit.isPending && edit.variables === contact.id}
                onClick={() => edit.mutate(contact.id)}
              >
                <IconPencil size={16} aria-hidden />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      <Dialog
        opened={form !== undefined}
        onClose={() => setForm(undefined)}
        title={form && form !== "new" ? t("editContact", { name: form.value.name }) : t("addContact")}
      >
        <Fields account={account} contact={form === "new" ? undefined : form} onClose={() => setForm(undefined)} />
      </Dialog>
    </section>
  );
}

interface FieldsProps {
  account: Account;
  contact: Versioned<Contact> | undefined;
  onClose: () => void;
}

function Fields({ account, contact, onClose }: FieldsProps) {
  const { t } = useTranslation("accounts");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const was = contact?.value;
  const form = useForm({
    initialValues: {
      name: was?.name ?? "",
      addresses: was?.addresses ?? [],
      phone: was?.phone ?? "",
      language: was?.language ?? account.language ?? "",
      portal: was?.portal ?? "none",
      active: was?.active ?? true,
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (values: typeof form.values) => {
      const body: Schemas["ContactInput"] = {
        ...values,
        phone: values.phone.trim() || null,
        language: values.language.trim() || null,
        portal: values.portal === "none" ? null : (values.portal as Schemas["PortalRole"]),
      };
      return contact
        ? data(
            api.PATCH("/api/v1/contacts/{id}", {
              params: { path: { id: contact.value.id }, header: ifUnchanged(contact) },
              body,
            }),
          )
        : data(api.POST("/api/v1/contacts", { body: { ...body, account: account.id }, headers: onceKey() }));
    },
    onSuccess: onClose,
    onError: (error) => form.setErrors(faultsByField(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["contacts"] }),
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <Refusal error={save.error} />
        <TextInput label={t("name")} required data-autofocus {...form.getInputProps("name")} />
        <TagsInput label={t("addresses")} withAsterisk {...form.getInputProps("addresses")} />
        <Group grow>
          <TextInput label={t("phone")} type="tel" {...form.getInputProps("phone")} />
          <TextInput label={t("language")} {...form.getInputProps("language")} />
        </Group>
        <Select
          label={t("portal.label")}
          allowDeselect={false}
          data={(["none", "contact", "administrator"] as const).map((value) => ({
            value,
            label: t(`portal.${value}`),
          }))}
          {...form.getInputProps("portal")}
        />
        {contact && <Switch label={t("active")} {...form.getInputProps("active", { type: "checkbox" })} />}
        {was?.portal && (
          <ResetFactor
            name={was.name}
            reset={() => api.DELETE("/api/v1/contacts/{id}/second-factor", { params: { path: { id: was.id } } })}
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
