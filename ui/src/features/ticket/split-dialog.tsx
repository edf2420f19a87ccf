// Splitting messages off into a ticket of their own, with what becomes of the clocks shown before.
import { Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useFormats } from "@/app/format";
import { Dialog } from "@/parts/dialog";
import { EffectTable } from "./effect";
import { messagesQuery, type Ticket } from "./queries";

export function SplitDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const format = useFormats();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string[]>([]);
  const [subject, setSubject] = useState("");
  const { data: messages } = useQuery(messagesQuery(ticket.id));
  const named = subject.trim() || ticket.subject;
  const input = { params: { path: { id: ticket.id } }, body: { messages: chosen, subject: named } };
  const preview = useQuery({
    queryKey: ["tickets", "split", ticket.id, chosen],
    queryFn: () => data(api.POST("/api/v1/tickets/{id}/split/preview", input)),
    enabled: chosen.length > 0,
    staleTime: 0,
    retry: false,
  });
  const split = useMutation({
    mutationFn: () => data(api.POST("/api/v1/tickets/{id}/split", { ...input, headers: onceKey() })),
    onSuccess: (made) => {
      onClose();
      void queries.invalidateQueries({ queryKey: ["tickets"] });
      return navigate({ to: "/tickets/$id", params: { id: String(made.number) } });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("split.title", { number: ticket.number })} size="lg">
      <Stack>
        <TextInput
          data-autofocus
          label={t("split.subject")}
          placeholder={ticket.subject}
          value={subject}
          onChange={(event) => setSubject(event.currentTarget.value)}
        />
        <Checkbox.Group label={t("split.messages")} value={chosen} onChange={setChosen}>
          <Stack gap="xs" mt="xs" mah="16rem" style={{ overflow: "auto" }}>
            {messages?.items.map((message) => (
              <Checkbox
                key={message.id}
                value={message.id}
                label={message.text.slice(0, 160)}
                description={format.instant(message.at)}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        {preview.isError && chosen.length > 0 && (
          <Text size="sm" c="var(--ms-late)" role="alert">
            {preview.error.message}
          </Text>
        )}
        {preview.data && chosen.length > 0 && <EffectTable effect={preview.data} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common("action.cancel")}
          </Button>
          <Button
            disabled={!preview.data || chosen.length === 0}
            loading={split.isPending}
            onClick={() => split.mutate()}
          >
            {t("split.do")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
