// The step at which mail is set up: a mailbox here, or what the settings say already; and tested.
import { Button, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Loaded } from "@/features/admin/frame";
import { MailTest } from "@/features/admin/mail-test";
import { MailboxForm } from "@/features/admin/mailbox-form";
import { mailboxesQuery } from "@/features/admin/mailboxes";

export function MailboxStep({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("set_up");
  const mailboxes = useQuery(mailboxesQuery);
  const all = mailboxes.data ?? [];
  const sender = all.find(({ outgoing }) => outgoing);
  const isReady = Boolean(sender) && all.some(({ incoming }) => incoming);
  return (
    <Stack maw="44rem">
      <Title order={2}>{t("mailbox.title")}</Title>
      <Text c="dimmed">{t("mailbox.lead")}</Text>
      <Loaded query={mailboxes}>
        {() => (
          <>
            {isReady ? (
              <Text fw={550}>{t("mailbox.ready", { address: sender?.address })}</Text>
            ) : (
              // What was saved is in the list, which is read again.
              <MailboxForm word={t("mailbox.save")} onSaved={() => undefined} />
            )}
            {all.length > 0 && <MailTest />}
          </>
        )}
      </Loaded>
      <Button w="fit-content" variant={isReady ? "filled" : "default"} onClick={onDone}>
        {t(isReady ? "mailbox.submit" : "later")}
      </Button>
    </Stack>
  );
}
