// The escalations of a ticket: how far each has come on its ladder, who took it on, and what comes next by itself.
import { Anchor, Badge, Button, Group, Select, Stack, Text, Textarea, Timeline } from "@mantine/core";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { ReasonWords } from "@/features/escalations/reason";
import { useRecord } from "@/features/escalations/record-form";
import { usePolicy } from "@/features/policy/policy";
import { Dialog } from "@/parts/dialog";
import { Name } from "@/parts/name";
import { Refusal } from "@/parts/refusal";
import { FailedPart } from "@/parts/states";
import { Card } from "./card";
import classes from "./ticket.module.css";

type Escalation = Schemas["Escalation"];

export const escalationsOf = (ticket: string) =>
  queryOptions({
    queryKey: ["escalations", "of", ticket],
    queryFn: async () =>
      (await data(api.GET("/api/v1/escalations", { params: { query: { ticket, limit: 20 } } }))).items,
  });

export function Escalations({ ticket }: { ticket: string }) {
  const { t } = useTranslation("ticket");
  const may = useMay("escalation.read");
  const escalations = useQuery({ ...escalationsOf(ticket), enabled: may });
  if (!escalations.isLoadingError && !escalations.data?.length) return null;
  return (
    <Card title={t("escalations.title")}>
      <FailedPart query={escalations} />
      <Stack gap="md">
        {escalations.data?.map((escalation) => (
          <OneEscalation key={escalation.id} escalation={escalation} />
        ))}
      </Stack>
    </Card>
  );
}

function OneEscalation({ escalation }: { escalation: Escalation }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const mayAcknowledge = useMay("escalation.acknowledge");
  const policy = usePolicy();
  const record = useRecord(escalation.id);
  const steps = policy?.escalation.find(({ name }) => name === escalation.ladder)?.steps ?? [];
  const reached = steps.filter(({ level }) => level <= escalation.level).length - 1;
  const isOpen = escalation.phase === "open";
  return (
    <div>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <Anchor component={Link} to={`/escalations/${escalation.id}`} size="sm" fw={550} className="sentence">
          <ReasonWords escalation={escalation} />
        </Anchor>
        <Badge variant="default" flex="none">
          {t(`escalations.${escalation.phase}`)}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed" mb="xs">
        {t("escalations.raised", { ladder: escalation.ladder, at: format.instant(escalation.raised_at) })}
      </Text>
      {isOpen && steps.length > 0 && (
        <Timeline active={reached} bulletSize={12} lineWidth={2} mb="xs" classNames={{ item: classes.step ?? "" }}>
          {steps.map((step) => (
            <Timeline.Item key={`${step.level} ${step.name}`}>
              <Text size="sm">
                {step.name}
                <Text span size="xs" c="dimmed">
                  {" "}
                  {t("escalations.level", { level: step.level })}
                </Text>
              </Text>
            </Timeline.Item>
          ))}
        </Timeline>
      )}
      {isOpen && escalation.next_at && (
        <Text size="xs" c="dimmed">
          {t("escalations.next", { at: format.instant(escalation.next_at) })}
        </Text>
      )}
      {escalation.acknowledged_at ? (
        <Text size="sm">
          {t("escalations.taken", { at: format.instant(escalation.acknowledged_at) })}{" "}
          <Name id={escalation.acknowledged_by} />
        </Text>
      ) : (
        isOpen &&
        mayAcknowledge && (
          <Button
            size="compact-sm"
            mt="xs"
            loading={record.isPending}
            onClick={() => record.mutate({ type: "acknowledge" })}
          >
            {t("escalations.take")}
          </Button>
        )
      )}
      <Refusal error={record.error} />
    </div>
  );
}

const REASONS = [
  "customer_request",
  "team_decision",
  "management_decision",
  "technical_complexity",
  "business_impact",
] as const;

/** Escalates a ticket by hand. */
export function EscalateDialog({ ticket, onClose }: { ticket: string; onClose: () => void }) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const [reason, setReason] = useState<(typeof REASONS)[number]>("team_decision");
  const [note, setNote] = useState("");
  const raise = useMutation({
    mutationFn: () => data(api.POST("/api/v1/escalations", { headers: onceKey(), body: { ticket, reason, note } })),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: ["escalations"] });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("escalate.title")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          raise.mutate();
        }}
      >
        <Stack>
          <Select
            label={t("escalate.reason")}
            value={reason}
            allowDeselect={false}
            data={REASONS.map((value) => ({ value, label: t(`escalate.${value}`) }))}
            onChange={(value) => value && setReason(value as (typeof REASONS)[number])}
          />
          <Textarea
            label={t("escalate.note")}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            autosize
            minRows={3}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common("action.cancel")}
            </Button>
            <Button type="submit" loading={raise.isPending}>
              {t("escalate.do")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
