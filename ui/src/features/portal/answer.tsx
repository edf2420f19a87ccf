// What one can say: a reply, that it is solved, or that it is not.
import { Alert, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";

import type { Ticket } from "@/features/ticket/queries";
import { useDraft } from "./draft";
import { Files, useFiles } from "./files";
import classes from "./portal.module.css";

export function Answer({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("portal");
  const [text, setText, discard] = useDraft(ticket.id);
  const files = useFiles();
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: ({ said, status }: { said: string; status?: string }) =>
      data(
        api.POST("/api/v1/tickets/{id}/messages", {
          params: { path: { id: ticket.id } },
          headers: onceKey(),
          body: { text: said, attachments: files.ids, ...(status ? { status } : {}) },
        }),
      ),
    onSuccess: () => {
      discard();
      files.clear();
      return queries.invalidateQueries({ queryKey: ["tickets"] });
    },
  });
  if (ticket.status_kind === "closed") {
    return (
      <Alert color="gray" mt="lg" title={t("answer.closed")}>
        <Button component={Link} to={`/portal/new?follows=${ticket.number}`} variant="default" mt="xs">
          {t("answer.follow")}
        </Button>
      </Alert>
    );
  }
  const isSolved = ticket.status_kind === "resolved";
  const isEmpty = text.trim() === "" && files.ids.length === 0;
  return (
    <form
      className={classes.answer}
      {...files.taking}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty) send.mutate({ said: text });
      }}
    >
      <Stack gap="sm">
        {isSolved && <Text size="sm">{t("answer.solvedHint")}</Text>}
        <Textarea
          label={t(isSolved ? "answer.reopen" : "answer.label")}
          placeholder={t("answer.hint")}
          autosize
          minRows={4}
          maxRows={16}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="space-between" gap="xs">
          <Files files={files} />
          <Group gap="xs" ml="auto">
            {!isSolved && (
              <Button
                variant="default"
                leftSection={<IconCheck size={16} aria-hidden />}
                loading={send.isPending}
                disabled={files.isBusy}
                onClick={() => send.mutate({ said: text.trim() || t("answer.thanks"), status: "resolved" })}
              >
                {t("answer.solved")}
              </Button>
            )}
            <Button type="submit" loading={send.isPending} disabled={isEmpty || files.isBusy}>
              {t(isSolved ? "answer.sendReopen" : "answer.send")}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
