// Making two tickets one, with what becomes of the clocks shown before.
import { Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { Dialog } from "@/parts/dialog";
import { LoadingRows } from "@/parts/states";
import { EffectTable } from "./effect";
import { type Ticket, ticketQuery } from "./queries";

export function MergeDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [number, setNumber] = useState<number>();
  const [into] = useDebouncedValue(number, 300);
  const isAsked = into !== undefined && into !== ticket.number;
  const target = useQuery({ ...ticketQuery(String(into)), enabled: isAsked });
  const input = { params: { path: { id: ticket.id } }, body: { into: into ?? 0 } };
  const preview = useQuery({
    queryKey: ["tickets", "merge", ticket.id, into],
    queryFn: () => data(api.POST("/api/v1/tickets/{id}/merge/preview", input)),
    enabled: isAsked,
    staleTime: 0,
  });
  const merge = useMutation({
    mutationFn: () => data(api.POST("/api/v1/tickets/{id}/merge", { ...input, headers: onceKey() })),
    onSuccess: (merged) => {
      onClose();
      void queries.invalidateQueries({ queryKey: ["tickets"] });
      return navigate({ to: "/tickets/$id", params: { id: String(target.data?.number ?? merged.number) } });
    },
  });
  const error = target.error ?? preview.error;
  return (
    <Dialog opened onClose={onClose} title={t("merge.title", { number: ticket.number })} size="lg">
      <Stack>
        <NumberInput
          data-autofocus
          label={t("merge.into")}
          description={target.data?.subject ?? t("merge.hint")}
          prefix="#"
          hideControls
          min={1}
          error={isAsked && error?.message}
          onChange={(value) => setNumber(typeof value === "number" ? value : undefined)}
        />
        {isAsked && preview.isFetching && <LoadingRows rows={3} />}
        {preview.data && !preview.isFetching && <EffectTable effect={preview.data} />}
        <Text size="sm" c="dimmed">
          {t("merge.lead")}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common("action.cancel")}
          </Button>
          <Button disabled={!preview.data || number !== into} loading={merge.isPending} onClick={() => merge.mutate()}>
            {t("merge.do")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
