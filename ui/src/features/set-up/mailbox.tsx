// The step at which mail is set where the program runs, and tested from here.
import { Button, CopyButton, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Loaded } from "@/features/admin/frame";
import { MailTest } from "@/features/admin/mail-test";
import classes from "../admin/admin.module.css";
import { type MailLines, mailLines } from "./mail-lines";

export function MailboxStep({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("set_up");
  const settings = useQuery({
    queryKey: ["settings", "mail"],
    // The program is started anew with other settings while this page waits.
    refetchInterval: 5_000,
    queryFn: () => data(api.GET("/api/v1/settings")),
  });
  const settingOf = (key: string) => settings.data?.items.find((each) => each.key === key)?.value;
  const isSent = Boolean(settingOf("smtp.host"));
  const isFetched = settings.data?.items.some(({ key, value }) => /^mail\.mailboxes\.\d+\.host$/.test(key) && value);
  const isReady = isSent && isFetched;
  return (
    <Stack maw="44rem">
      <Title order={2}>{t("mailbox.title")}</Title>
      <Text c="dimmed">{t("mailbox.lead")}</Text>
      <Loaded query={settings}>
        {() => (
          <>
            {isReady ? <Text fw={550}>{t("mailbox.ready", { address: settingOf("mail.from") })}</Text> : <Lines />}
            {(isFetched || isSent) && <MailTest />}
          </>
        )}
      </Loaded>
      <Button w="fit-content" variant={isReady ? "filled" : "default"} onClick={onDone}>
        {t(isReady ? "mailbox.submit" : "later")}
      </Button>
    </Stack>
  );
}

/** The lines for the file of settings, made of a few answers. */
function Lines() {
  const { t } = useTranslation("set_up");
  const form = useForm<MailLines>({ initialValues: { address: "", smtp: "", imap: "" } });
  const domain = form.values.address.split("@")[1] || "example.com";
  const lines = mailLines(form.values);
  return (
    <>
      <Text fw={550}>{t("mailbox.notReady")}</Text>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <TextInput
          label={t("mailbox.address")}
          type="email"
          placeholder="support@example.com"
          {...form.getInputProps("address")}
        />
        <TextInput label={t("mailbox.smtp")} placeholder={`smtp.${domain}`} {...form.getInputProps("smtp")} />
        <TextInput label={t("mailbox.imap")} placeholder={`imap.${domain}`} {...form.getInputProps("imap")} />
      </SimpleGrid>
      <Text>{t("mailbox.lines")}</Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre className={classes.code} tabIndex={0}>
        {lines}
      </pre>
      <CopyButton value={lines}>
        {({ copied, copy }) => (
          <Button variant="default" w="fit-content" onClick={copy}>
            {t(copied ? "mailbox.copied" : "mailbox.copy")}
          </Button>
        )}
      </CopyButton>
    </>
  );
}
