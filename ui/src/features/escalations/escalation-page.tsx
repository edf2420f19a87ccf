// One escalation: its ladder, who has it, what was recorded, and what is to be done.
import { Anchor, Badge, Button, Group, Stack, Text, Timeline, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useMay, useMe } from "@/app/session";
import { ticketQuery } from "@/features/ticket/queries";
import { Name } from "@/parts/name";
import { Page } from "@/parts/page";
import { Refusal } from "@/parts/refusal";
import { Severity, Status } from "@/parts/severity";
import { FailedPart, Failure, LoadingRows } from "@/parts/states";
import classes from "./escalations.module.css";
import { LadderCard } from "./ladder";
import { type EscalationRecord, escalationQuery } from "./queries";
import { ReasonWords } from "./reason";
import { RecordForm, useRecord } from "./record-form";
import { wordsOf } from "./rungs";

export function EscalationPage({ id }: { id: string }) {
  const { t } = useTranslation("escalations");
  const escalation = useQuery(escalationQuery(id));
  if (escalation.isPending) {
    return (
      <Page title={t("one")}>
        <LoadingRows />
      </Page>
    );
  }
  if (escalation.isLoadingError)
    return <Failure error={escalation.error} onRetry={() => void escalation.refetch()} order={1} />;
  return <Whole escalation={escalation.data} />;
}

function Whole({ escalation }: { escalation: EscalationRecord }) {
  const { t } = useTranslation("escalations");
  const me = useMe();
  const mayAcknowledge = useMay("escalation.acknowledge");
  const record = useRecord(escalation.id);
  const { data: ticket } = useQuery({
    ...ticketQuery(escalation.tickets[0] ?? ""),
    enabled: escalation.tickets.length > 0,
  });
  const canTake = mayAcknowledge && escalation.phase === "open" && escalation.acknowledged_by !== me.id;
  return (
    <Page
      title={`${t("one")}: ${ticket?.subject ?? escalation.subject}`}
      actions={
        canTake && (
          <Button loading={record.isPending} onClick={() => record.mutate({ type: "acknowledge" })}>
            {t("acknowledge")}
          </Button>
        )
      }
    >
      <Refusal error={record.error} />
      <Group gap="xs" mb="xs">
        <Badge variant="light">{t(`phase.${escalation.phase}`)}</Badge>
        <Badge variant="default">{t("level", { level: escalation.level })}</Badge>
        {escalation.acknowledged_by ? (
          <Text size="sm">
            {t("has")} <Name id={escalation.acknowledged_by} />
          </Text>
        ) : (
          escalation.phase === "open" && (
            <Text size="sm" className={classes.nobody}>
              {t("nobodyHas")}
            </Text>
          )
        )}
      </Group>
      <Text mb="md" className="sentence">
        <ReasonWords escalation={escalation} />
      </Text>
      <div className={classes.columns}>
        <Stack gap="lg">
          <LadderCard escalation={escalation} />
          <Events escalation={escalation} />
        </Stack>
        <Stack gap="lg">
          <section className={classes.card} aria-label={t("tickets")}>
            <Title order={2} mb="xs">
              {t("tickets")}
            </Title>
            <ul className={classes.plain}>
              {escalation.tickets.map((ticket) => (
                <TicketLine key={ticket} id={ticket} />
              ))}
            </ul>
          </section>
          <Unrecorded parts={escalation.unrecorded} />
          <RecordForm escalation={escalation} />
        </Stack>
      </div>
    </Page>
  );
}

function TicketLine({ id }: { id: string }) {
  const read = useQuery(ticketQuery(id));
  const ticket = read.data;
  return (
    <li className={classes.ticket}>
      <FailedPart query={read} />
      {ticket && (
        <>
          <Anchor renderRoot={(props) => <Link {...props} to="/tickets/$id" params={{ id: String(ticket.number) }} />}>
            #{ticket.number} {ticket.subject}
          </Anchor>
          <Group gap="sm">
            <Severity severity={ticket.severity} short />
            <Status status={ticket.status} kind={ticket.status_kind} />
            <Text span size="sm" c="dimmed">
              <Name id={ticket.account} />
            </Text>
          </Group>
        </>
      )}
    </li>
  );
}

/** Which of the parts of a well kept escalation are still to be recorded. */
function Unrecorded({ parts }: { parts: string[] }) {
  const { t } = useTranslation("escalations");
  if (parts.length === 0) return null;
  return (
    <section className={classes.card} aria-label={t("unrecorded")}>
      <Title order={2} mb="xs">
        {t("unrecorded")}
      </Title>
      <Group gap={6}>
        {parts.map((part) => (
          <Badge key={part} variant="default">
            {t(`part.${part}` as "part.assessment", { defaultValue: part })}
          </Badge>
        ))}
      </Group>
    </section>
  );
}

/** What happened, but for each single notification, which stands at its step. */
function Events({ escalation }: { escalation: EscalationRecord }) {
  const { t } = useTranslation("escalations");
  const { t: common } = useTranslation();
  const format = useFormats();
  const events = escalation.events
    .map((event) => ({ ...event, type: String((event.what as Record<string, unknown>).type) }))
    .filter(({ type }) => type !== "notified");
  return (
    <section className={classes.card} aria-label={t("recordTitle")}>
      <Title order={2} mb="md">
        {t("recordTitle")}
      </Title>
      <Timeline bulletSize={12} lineWidth={2}>
        {events.map((event) => (
          <Timeline.Item
            key={JSON.stringify(event)}
            title={t(`event.${event.type}` as "event.raised", { defaultValue: event.type.replaceAll("_", " ") })}
          >
            {(event.type === "raised" || wordsOf(event.what)) && (
              <Text size="sm" className={`${classes.words} sentence`}>
                {event.type === "raised" ? <ReasonWords escalation={escalation} /> : wordsOf(event.what)}
              </Text>
            )}
            <Text size="xs" c="dimmed">
              {format.instant(event.at)} · {event.actor ? <Name id={event.actor} /> : common("person.system")}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </section>
  );
}
