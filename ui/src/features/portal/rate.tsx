// Rating how a request was handled, once it is resolved; again, if one thinks otherwise.
import { Button, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconMoodSad, IconMoodSmile } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { type Ticket, ticketQuery } from "@/features/ticket/queries";
import { Refusal } from "@/parts/refusal";
import classes from "./portal.module.css";

const SCORES = [
  ["good", IconMoodSmile],
  ["bad", IconMoodSad],
] as const;

export function Rate({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("portal");
  const queries = useQueryClient();
  const [comment, setComment] = useState(ticket.rating?.comment ?? "");
  const [score, setScore] = useState(ticket.rating?.score);
  const rate = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (score: "good" | "bad") =>
      data(
        api.PUT("/api/v1/tickets/{id}/rating", {
          params: { path: { id: ticket.id } },
          body: { score, comment: comment.trim() || undefined },
        }),
      ),
    onSuccess: (rated) => {
      for (const id of [ticket.id, String(ticket.number)]) queries.setQueryData(ticketQuery(id).queryKey, rated);
      notifications.show({ message: t("rate.thanks") });
    },
  });
  const give = (chosen: "good" | "bad") => {
    setScore(chosen);
    rate.mutate(chosen);
  };
  return (
    <section className={classes.card} aria-label={t("rate.title")}>
      <Title order={2}>{t("rate.title")}</Title>
      <Stack gap="sm" mt="xs">
        <Text size="sm">{t("rate.lead")}</Text>
        <Refusal error={rate.error} />
        <Group gap="xs" grow>
          {SCORES.map(([each, Icon]) => (
            <Button
              key={each}
              variant={score === each ? "filled" : "default"}
              aria-pressed={score === each}
              leftSection={<Icon size={18} aria-hidden />}
              loading={rate.isPending && rate.variables === each}
              onClick={() => give(each)}
            >
              {t(`rate.${each}`)}
            </Button>
          ))}
        </Group>
        {(score === "good" || score === "bad") && (
          <>
            <Textarea
              label={t("rate.comment")}
              autosize
              minRows={2}
              value={comment}
              onChange={({ currentTarget }) => setComment(currentTarget.value)}
            />
            {comment.trim() !== (ticket.rating?.comment ?? "") && (
              <Button w="fit-content" loading={rate.isPending} onClick={() => give(score)}>
                {t("rate.send")}
              </Button>
            )}
          </>
        )}
      </Stack>
    </section>
  );
}
