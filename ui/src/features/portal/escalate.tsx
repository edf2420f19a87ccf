// Asking for an escalation: a word why, and somebody above is told.
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconArrowUpRight } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, onceKey } from "@/api/client";
import type { Ticket } from "@/features/ticket/queries";
import { Dialog } from "@/parts/dialog";

export function Escalate({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("portal");
  const common = useTranslation().t;
  const [isOpen, { open, close }] = useDisclosure(false);
  const [note, setNote] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      api.POST("/api/v1/tickets/{id}/escalation-requests", {
        params: { path: { id: ticket.id } },
        headers: onceKey(),
        body: { note },
      }),
    onSuccess: () => {
      setNote("");
      close();
      notifications.show({ title: t("escalate.done"), message: t("escalate.doneHint") });
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<IconArrowUpRight size={16} aria-hidden />} onClick={open}>
        {t("escalate.open")}
      </Button>
      <Dialog
        opened={isOpen}
        onClose={close}
        title={t("escalate.title")}
        closeButtonProps={{ "aria-label": common("action.close") }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (note.trim()) ask.mutate();
          }}
        >
          <Stack>
            <Text c="dimmed">{t("escalate.lead")}</Text>
            <Textarea
              label={t("escalate.why")}
              required
              autosize
              minRows={3}
              data-autofocus
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={close}>
                {common("action.cancel")}
              </Button>
              <Button type="submit" loading={ask.isPending} disabled={!note.trim()}>
                {t("escalate.ask")}
              </Button>
            </Group>
          </Stack>
        </form>
      </Dialog>
    </>
  );
}
