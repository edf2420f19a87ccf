// The form of a mailbox: its address, where it is read, what sends in its name.
import {
  Button,
  Checkbox,
  Fieldset,
  Group,
  NativeSelect,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TextInput,
} from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ChangeEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { faultsByPath } from "@/api/faults";
import { ifUnchanged, type Versioned } from "@/api/versioned";
import { teamsQuery } from "@/features/directory/directory";
import { Password } from "@/parts/password";
import { Refusal } from "@/parts/refusal";
import classes from "./admin.module.css";
import {
  addressed,
  guessed,
  isSpecialMailbox,
  keepsSecret,
  type MailboxValues,
  mailboxInput,
  mailboxValues,
  type Provider,
  provided,
} from "./mailbox-values";

type Mailbox = Schemas["Mailbox"];
type Form = UseFormReturnType<MailboxValues>;

interface MailboxFormProps {
  /** The mailbox that is changed, as it was read; a new one when absent. */
  read?: Versioned<Mailbox>;
  /** The word on the button. */
  word: string;
  onSaved: (saved: Mailbox) => void;
  onCancel?: () => void;
  /** What else can be done, after the button. */
  beside?: ReactNode;
}

export function MailboxForm({ read, word, onSaved, onCancel, beside }: MailboxFormProps) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const teams = useQuery(teamsQuery).data ?? [];
  const was = read?.value;
  const form = useForm<MailboxValues>({ initialValues: mailboxValues(was) });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (values: MailboxValues) => {
      const body = mailboxInput(values);
      if (!read) return data(api.POST("/api/v1/mailboxes", { body, headers: onceKey() }));
      const params = { path: { id: read.value.id ?? "" }, header: ifUnchanged(read) };
      return data(api.PATCH("/api/v1/mailboxes/{id}", { params, body }));
    },
    onSuccess: onSaved,
    onError: (error) => form.setErrors(faultsByPath(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["mailboxes"] }),
  });
  const { reads, sends, alike } = form.values;
  // What few need is folded, unless it says something, or something is wrong with it.
  const isSpecial =
    isSpecialMailbox(mailboxValues(was)) || ["incoming.folder", "authserv_id"].some((path) => form.errors[path]);
  const choose = (provider: string) => provider && form.setValues(guessed(provided(form.values, provider as Provider)));
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <Refusal error={save.error} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label={t("mailboxes.address")}
            description={t("mailboxes.addressHint")}
            type="email"
            required
            placeholder="support@example.com"
            {...form.getInputProps("address")}
            // While it is typed, not once it was: whoever goes on to the server must not find it filled in under their fingers.
            {...(!was && {
              onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement>) =>
                form.setValues(addressed(form.values, currentTarget.value)),
            })}
          />
          <Select
            label={t("mailboxes.team")}
            description={t("mailboxes.teamHint")}
            placeholder={t("mailboxes.byRules")}
            clearable
            data={teams.map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps("team")}
          />
        </SimpleGrid>
        {!was && (
          <NativeSelect
            label={t("mailboxes.provider")}
            w={{ base: "100%", sm: "50%" }}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
            data={[
              { value: "", label: t("mailboxes.otherProvider") },
              { value: "google", label: "Google Workspace" },
              { value: "microsoft", label: "Microsoft 365" },
            ]}
          />
        )}
        <Fieldset legend={t("mailboxes.incoming")}>
          <Stack>
            <Switch label={t("mailboxes.reads")} {...form.getInputProps("reads", { type: "checkbox" })} />
            {reads && (
              <>
                <ServerFields form={form} part="incoming" />
                <SignInFields form={form} part="incoming" was={was?.incoming} />
              </>
            )}
          </Stack>
        </Fieldset>
        <Fieldset legend={t("mailboxes.outgoing")}>
          <Stack>
            <Switch label={t("mailboxes.sends")} {...form.getInputProps("sends", { type: "checkbox" })} />
            {sends && (
              <>
                <ServerFields form={form} part="outgoing" />
                {reads && !was && (
                  <Checkbox label={t("mailboxes.alike")} {...form.getInputProps("alike", { type: "checkbox" })} />
                )}
                {!(alike && reads) && <SignInFields form={form} part="outgoing" was={was?.outgoing} mayBeNone />}
              </>
            )}
          </Stack>
        </Fieldset>
        <details className={classes.more} open={isSpecial}>
          <summary>{t("mailboxes.more")}</summary>
          <Stack mt="sm">
            {reads && (
              <TextInput
                label={t("mailboxes.folder")}
                description={t("mailboxes.folderHint")}
                placeholder="INBOX"
                w={{ base: "100%", sm: "50%" }}
                {...form.getInputProps("incoming.folder")}
              />
            )}
            <Switch
              label={t("mailboxes.signed")}
              description={t("mailboxes.signedHint")}
              {...form.getInputProps("signed_replies", { type: "checkbox" })}
            />
            <TextInput
              label={t("mailboxes.authserv")}
              description={t("mailboxes.authservHint")}
              {...form.getInputProps("authserv_id")}
            />
          </Stack>
        </details>
        <Group justify={onCancel ? "flex-end" : "flex-start"}>
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              {t("cancel")}
            </Button>
          )}
          <Button type="submit" loading={save.isPending}>
            {word}
          </Button>
          {beside}
        </Group>
      </Stack>
    </form>
  );
}

type Part = "incoming" | "outgoing";

function ServerFields({ form, part }: { form: Form; part: Part }) {
  const { t } = useTranslation("admin");
  const of = (field: string) => form.getInputProps(`${part}.${field}`);
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <TextInput label={t(`mailboxes.host.${part}`)} required {...of("host")} />
      <NativeSelect
        label={t("mailboxes.security")}
        data={(["tls", "starttls", "none"] as const).map((value) => ({
          value,
          label: t(`mailboxes.secured.${value}`),
        }))}
        {...of("security")}
      />
      <NumberInput
        label={t("mailboxes.port")}
        placeholder={t("mailboxes.usualPort")}
        min={1}
        max={65_535}
        hideControls
        {...of("port")}
      />
    </SimpleGrid>
  );
}

interface SignInProps {
  form: Form;
  part: Part;
  /** The server as it is: its secret is kept already. */
  was?: Schemas["MailServer"] | null | undefined;
  mayBeNone?: boolean;
}

function SignInFields({ form, part, was, mayBeNone }: SignInProps) {
  const { t } = useTranslation("admin");
  const of = (field: string) => form.getInputProps(`${part}.${field}`);
  const { sign_in } = form.values[part];
  const keeps = keepsSecret(was, form.values[part]);
  const kept = keeps ? { placeholder: t("mailboxes.kept") } : {};
  const ways = ["password", "oauth", ...(mayBeNone ? (["none"] as const) : [])] as const;
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <NativeSelect
          label={t("mailboxes.signIn")}
          data={ways.map((value) => ({ value, label: t(`mailboxes.by.${value}`) }))}
          {...of("sign_in")}
        />
        {sign_in !== "none" && <TextInput label={t("mailboxes.user")} autoComplete="off" required {...of("user")} />}
        {sign_in === "password" && (
          <Password
            label={t("mailboxes.password")}
            autoComplete="new-password"
            {...kept}
            {...of("password")}
            required={!keeps}
          />
        )}
      </SimpleGrid>
      {sign_in === "oauth" && (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t("mailboxes.tokenUrl")} type="url" required {...of("token_url")} />
          <TextInput label={t("mailboxes.scope")} {...of("scope")} />
          <TextInput label={t("mailboxes.clientId")} required {...of("client_id")} />
          <Password
            label={t("mailboxes.clientSecret")}
            autoComplete="new-password"
            {...kept}
            {...of("client_secret")}
          />
          <Password
            label={t("mailboxes.refreshToken")}
            description={t("mailboxes.refreshTokenHint")}
            autoComplete="new-password"
            {...kept}
            {...of("refresh_token")}
          />
        </SimpleGrid>
      )}
    </>
  );
}
