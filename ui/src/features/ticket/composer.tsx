// Where an answer is written: to the customer, or among ourselves.
import { Button, Group, Kbd, SegmentedControl, Text, Textarea } from "@mantine/core";
import { getHotkeyHandler, useHotkeys } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useMay } from "@/app/session";
import { useDraft } from "./draft";
import type { Ticket } from "./queries";
import classes from "./ticket.module.css";

type Visibility = "public" | "internal";

export function Composer({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const mayReply = useMay("ticket.reply");
  const mayNote = useMay("ticket.note");
  const [visibility, setVisibility] = useState<Visibility>(mayReply ? "public" : "internal");
  const [text, setText, discard] = useDraft(ticket.id);
  const field = useRef<HTMLTextAreaElement>(null);
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: (status?: string) =>
      data(
        api.POST("/api/v1/tickets/{id}/messages", {
          params: { path: { id: ticket.id } },
          headers: onceKey(),
          body: { text, visibility, ...(status ? { status } : {}) },
        }),
      ),
    onSuccess: () => {
      discard();
      return queries.invalidateQueries({ queryKey: ["tickets"] });
    },
  });
  const write = (as: Visibility) => {
    setVisibility(as);
    field.current?.focus();
  };
  useHotkeys([
    ["r", () => mayReply && write("public")],
    ["n", () => mayNote && write("internal")],
  ]);
  if (!mayReply && !mayNote) return null;
  const isEmpty = text.trim() === "";
  return (
    <form
      className={classes.composer}
      data-visibility={visibility}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty) send.mutate(undefined);
      }}
    >
      <SegmentedControl
        size="xs"
        aria-label={t("visibility")}
        value={visibility}
        onChange={(value) => setVisibility(value as Visibility)}
        data={[
          { value: "public", label: t("reply"), disabled: !mayReply },
          { value: "internal", label: t("note"), disabled: !mayNote },
        ]}
      />
      <Textarea
        ref={field}
        aria-label={t(visibility === "public" ? "reply" : "note")}
        placeholder={t(visibility === "public" ? "replyHint" : "noteHint")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={getHotkeyHandler([
          ["mod+Enter", () => !isEmpty && send.mutate(undefined)],
          ["Escape", () => field.current?.blur()],
        ])}
        autosize
        minRows={3}
        maxRows={14}
        variant="unstyled"
      />
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed" visibleFrom="sm">
          <Kbd size="xs">⌘/Ctrl</Kbd> <Kbd size="xs">↵</Kbd> {t("sendKey")}
        </Text>
        <Group gap="xs" ml="auto">
          {visibility === "public" && (
            <Button
              variant="default"
              disabled={isEmpty}
              loading={send.isPending}
              onClick={() => send.mutate("pending_customer")}
            >
              {t("sendPending")}
            </Button>
          )}
          <Button type="submit" disabled={isEmpty} loading={send.isPending}>
            {t(visibility === "public" ? "send" : "addNote")}
          </Button>
        </Group>
      </Group>
    </form>
  );
}
