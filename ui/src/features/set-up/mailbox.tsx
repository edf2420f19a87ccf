// The step at which mail is set up: a mailbox here, or what the settings say already; and tested.
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "@/api/client";
import { type Versioned, versioned } from "@/api/versioned";
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
  const changed = all.find(({ id }) => id)?.id;
  const [read, setRead] = useState<Versioned<Schemas["Mailbox"]>>();
  const change = useMutation({
    mutationFn: (id: string) => versioned(api.GET("/api/v1/mailboxes/{id}", { params: { path: { id } } })),
    onSuccess: setRead,
  });
  const later = (
    <Button variant="default" onClick={onDone}>
      {t("later")}
    </Button>
  );
  return (
    <Stack maw="44rem">
      <Title order={2}>{t("mailbox.title")}</Title>
      <Text c="dimmed">{t("mailbox.lead")}</Text>
      <Loaded query={mailboxes}>
        {() =>
          read ? (
            <MailboxForm
              read={read}
              word={t("mailbox.save")}
              onSaved={() => setRead(undefined)}
              beside={
                <Button variant="default" onClick={() => setRead(undefined)}>
                  {t("mailbox.leave")}
                </Button>
              }
            />
          ) : (
            <>
              {isReady ? (
                <Text fw={550}>{t("mailbox.ready", { address: sender?.address })}</Text>
              ) : (
                // What was saved is in the list, which is read again.
                <MailboxForm word={t("mailbox.save")} onSaved={() => undefined} beside={later} />
              )}
              {all.length > 0 && <MailTest />}
              {isReady && (
                <Group>
                  <Button onClick={onDone}>{t("mailbox.submit")}</Button>
                  {changed && (
                    <Button variant="default" loading={change.isPending} onClick={() => change.mutate(changed)}>
                      {t("mailbox.change")}
                    </Button>
                  )}
                </Group>
              )}
            </>
          )
        }
      </Loaded>
    </Stack>
  );
}
