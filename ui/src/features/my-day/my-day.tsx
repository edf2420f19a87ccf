// My day: what I owe, in the order in which it falls due.
import { Anchor, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay, useMe } from "@/app/session";
import { useNow } from "@/app/time";
import { escalationsQuery } from "@/features/escalations/queries";
import { ReasonWords } from "@/features/escalations/reason";
import { useRecord } from "@/features/escalations/record-form";
import { NoteTitle } from "@/features/shell/note-words";
import { type Ticket, ticketQuery, ticketsQuery } from "@/features/ticket/queries";
import { Ago } from "@/parts/ago";
import { Countdown } from "@/parts/clock";
import { Name } from "@/parts/name";
import { Page } from "@/parts/page";
import { Refusal } from "@/parts/refusal";
import { Severity, Status } from "@/parts/severity";
import { Empty, FailedPart, Failure, LoadingRows } from "@/parts/states";
import { GROUPS, groupsOf } from "./groups";
import classes from "./my-day.module.css";

export function MyDay() {
  const { t } = useTranslation("my_day");
  const me = useMe();
  const mine = useInfiniteQuery(ticketsQuery({ status: "undone", assignee: "me", sort: "next_due" }));
  const rows = mine.data?.pages.flatMap((page) => page.items) ?? [];
  const { escalations, open } = useToTakeOn();
  return (
    <Page title={t("title", { name: me.name.split(" ")[0] })}>
      <div className={classes.columns}>
        <div>
          <ToAcknowledge escalations={escalations} open={open} />
          {mine.isPending || escalations.isLoading ? (
            <LoadingRows />
          ) : mine.isLoadingError ? (
            <Failure error={mine.error} onRetry={() => void mine.refetch()} />
          ) : rows.length > 0 ? (
            <Owed tickets={rows} />
          ) : open.length > 0 || escalations.isLoadingError ? (
            <Empty title={t("noTickets")}>{open.length > 0 && t("noTicketsHint")}</Empty>
          ) : (
            <Empty title={t("free")}>{t("freeHint")}</Empty>
          )}
        </div>
        <Told />
      </div>
    </Page>
  );
}

function Owed({ tickets }: { tickets: Ticket[] }) {
  const { t } = useTranslation("my_day");
  const groups = groupsOf(tickets, useNow());
  return (
    <Stack gap="lg">
      {GROUPS.filter((group) => groups[group].length > 0).map((group) => (
        <section key={group} aria-label={t(group)}>
          <Group gap="xs" mb="xs">
            <Title order={2}>{t(group)}</Title>
            <Badge variant="default">{groups[group].length}</Badge>
          </Group>
          <ul className={classes.rows}>
            {groups[group].map((ticket) => (
              <Row key={ticket.id} ticket={ticket} />
            ))}
          </ul>
        </section>
      ))}
    </Stack>
  );
}

/** A ticket that is owed. The groups are told apart anew each second, the rows are not drawn anew for it. */
const Row = memo(function Row({ ticket }: { ticket: Ticket }) {
  return (
    <li>
      <Link to="/tickets/$id" params={{ id: String(ticket.number) }} className={classes.row}>
        <Severity severity={ticket.severity} short />
        <span className={classes.subject}>
          <span className={classes.what}>
            <Text span c="dimmed" size="sm" className="tabular">
              #{ticket.number}
            </Text>{" "}
            {ticket.subject}
          </span>
          <Text size="sm" c="dimmed" truncate className={classes.whose ?? ""}>
            <Name id={ticket.account} /> {ticket.tier && `· ${ticket.tier}`}
          </Text>
        </span>
        <span className={classes.status}>
          <Status status={ticket.status} kind={ticket.status_kind} />
        </span>
        {ticket.next_due && <Countdown at={ticket.next_due.at} commitment={ticket.next_due.commitment} />}
      </Link>
    </li>
  );
});

/** The escalations that one was told of and that nobody has taken on yet. */
function useToTakeOn() {
  const may = useMay("escalation.read");
  const escalations = useInfiniteQuery({ ...escalationsQuery({ phase: "open", mine: true }), enabled: may });
  const open = escalations.data?.pages.flatMap((page) => page.items).filter((each) => !each.acknowledged_at) ?? [];
  return { escalations, open };
}

function ToAcknowledge({ escalations, open }: ReturnType<typeof useToTakeOn>) {
  const { t } = useTranslation("my_day");
  const format = useFormats();
  const now = useNow();
  if (escalations.isLoadingError) {
    return (
      <section aria-label={t("acknowledge")} className={classes.escalations}>
        <Title order={2} mb="xs">
          {t("acknowledge")}
        </Title>
        <FailedPart query={escalations} />
      </section>
    );
  }
  if (open.length === 0) return null;
  return (
    <section aria-label={t("acknowledge")} className={classes.escalations}>
      <Group gap="xs" mb="xs">
        <Title order={2}>{t("acknowledge")}</Title>
        <Badge variant="default">{open.length}</Badge>
      </Group>
      <ul className={classes.rows}>
        {open.map((escalation) => (
          <li key={escalation.id} className={classes.escalation}>
            <Link to="/escalations/$id" params={{ id: escalation.id }} className={classes.subject}>
              <About escalation={escalation} />
              <span className="sentence">
                <ReasonWords escalation={escalation} />
              </span>
              <Text size="sm" c="dimmed">
                {t("raised", { ladder: escalation.ladder, ago: format.ago(escalation.raised_at, now) })}
              </Text>
            </Link>
            <Acknowledge id={escalation.id} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The ticket that an escalation is about, or the first of several. */
function About({ escalation: { tickets, subject } }: { escalation: Schemas["Escalation"] }) {
  const { t } = useTranslation("escalations");
  const first = tickets[0];
  const { data: ticket } = useQuery({ ...ticketQuery(first ?? ""), enabled: first !== undefined });
  return (
    <Text fw={550}>
      {ticket ? `#${ticket.number} ${ticket.subject}` : first === undefined ? subject : "…"}
      {tickets.length > 1 && ` ${t("andMore", { count: tickets.length - 1 })}`}
    </Text>
  );
}

function Acknowledge({ id }: { id: string }) {
  const { t } = useTranslation("my_day");
  const record = useRecord(id);
  if (!useMay("escalation.acknowledge")) return null;
  return (
    <div>
      <Button size="compact-sm" loading={record.isPending} onClick={() => record.mutate({ type: "acknowledge" })}>
        {t("take")}
      </Button>
      <Refusal error={record.error} />
    </div>
  );
}

/** What one was told lately. */
function Told() {
  const { t } = useTranslation("my_day");
  const told = useQuery({
    queryKey: ["notifications"],
    queryFn: () => data(api.GET("/api/v1/notifications", { params: { query: { limit: 20 } } })),
  });
  const notes: Schemas["ShownNotification"][] = told.data?.items ?? [];
  return (
    <aside className={classes.told} aria-label={t("told")}>
      <Title order={2} mb="xs">
        {t("told")}
      </Title>
      {told.isPending && <LoadingRows rows={4} />}
      <FailedPart query={told} />
      {told.isSuccess && notes.length === 0 && <Text c="dimmed">{t("toldNothing")}</Text>}
      <Stack gap="sm">
        {notes.map((note) => (
          <div key={note.id} className={classes.note} data-unread={!note.read_at || undefined}>
            {note.ticket ? (
              <Anchor component={Link} to={`/tickets/${note.ticket}`} size="sm" fw={550}>
                <NoteTitle note={note} />
              </Anchor>
            ) : (
              <Text size="sm" fw={550}>
                <NoteTitle note={note} />
              </Text>
            )}
            <Text size="xs" c="dimmed">
              <Ago at={note.at} />
            </Text>
          </div>
        ))}
      </Stack>
    </aside>
  );
}
