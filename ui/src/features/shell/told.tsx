// What one was told lately: it comes when the bell is asked.
import { Anchor, Button, Group, ScrollArea, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { serviceNow } from "@/app/time";
import { Failure, LoadingRows } from "@/parts/states";
import { NoteDetail, NoteTitle } from "./note-words";
import classes from "./shell.module.css";

export default function Told({ hasUnread, onGo }: { hasUnread: boolean; onGo: () => void }) {
  const { t } = useTranslation("shell");
  const queries = useQueryClient();
  const told = useQuery({
    queryKey: ["notifications", "list"],
    queryFn: () => data(api.GET("/api/v1/notifications", { params: { query: { limit: 30 } } })),
  });
  const settle = { onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }) };
  const readAll = useMutation({ mutationFn: () => api.POST("/api/v1/notifications/read"), ...settle });
  const read = useMutation({
    mutationFn: (id: string) => api.POST("/api/v1/notifications/{id}/read", { params: { path: { id } } }),
    ...settle,
  });
  return (
    <>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t("told")}</Title>
        <Button
          size="compact-sm"
          variant="default"
          disabled={!hasUnread}
          loading={readAll.isPending}
          onClick={() => readAll.mutate()}
        >
          {t("readAll")}
        </Button>
      </Group>
      <ScrollArea.Autosize mah="24rem">
        {told.isPending && <LoadingRows rows={4} />}
        {told.isLoadingError && <Failure error={told.error} onRetry={() => void told.refetch()} />}
        {told.data?.items.length === 0 && <Text c="dimmed">{t("toldNothing")}</Text>}
        <Stack gap={0}>
          {told.data?.items.map((note) => (
            <Note
              key={note.id}
              note={note}
              onOpen={() => {
                if (!note.read_at) read.mutate(note.id);
                onGo();
              }}
            />
          ))}
        </Stack>
      </ScrollArea.Autosize>
    </>
  );
}

function Note({ note, onOpen }: { note: Schemas["ShownNotification"]; onOpen: () => void }) {
  const { t } = useTranslation("shell");
  const format = useFormats();
  const place = note.escalation
    ? { to: "/escalations/$id" as const, params: { id: note.escalation } }
    : note.ticket
      ? { to: "/tickets/$id" as const, params: { id: note.ticket } }
      : undefined;
  return (
    <div className={classes.note} data-unread={!note.read_at || undefined}>
      {place ? (
        <Anchor
          size="sm"
          fw={note.read_at ? 400 : 600}
          renderRoot={(props) => <Link {...props} {...place} onClick={onOpen} />}
        >
          <NoteTitle note={note} />
        </Anchor>
      ) : (
        <Text size="sm" fw={note.read_at ? 400 : 600}>
          <NoteTitle note={note} />
        </Text>
      )}
      {!note.read_at && <span className="unseen">{t("unread")}</span>}
      <Text size="xs" c="dimmed">
        <NoteDetail note={note} />
      </Text>
      <Text size="xs" c="dimmed">
        {format.ago(note.at, serviceNow())}
      </Text>
    </div>
  );
}
