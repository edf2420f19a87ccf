// The breach board, for a screen on the wall: what is late, what will be within the hour, and what today still brings.
import { Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useNow } from "@/app/time";
import { type Ticket, ticketsQuery } from "@/features/ticket/queries";
import { Countdown } from "@/parts/clock";
import { Name } from "@/parts/name";
import { Page } from "@/parts/page";
import { Severity } from "@/parts/severity";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./board.module.css";
import { COLUMNS, type Column, columnsOf } from "./columns";

export function Board() {
  const { t } = useTranslation("board");
  // To the hour, so that the question stays the same for as long as its answer is kept.
  const hour = useNow(3_600_000);
  const tickets = useInfiniteQuery(
    ticketsQuery({
      status: "undone",
      sort: "next_due",
      due_before: new Date(hour + 25 * 3_600_000).toISOString(),
    }),
  );
  const rows = tickets.data?.pages.flatMap((page) => page.items) ?? [];
  if (tickets.isPending) {
    return (
      <Page title={t("title")} fills>
        <div className={classes.board}>
          {COLUMNS.map((column) => (
            <section key={column} className={classes.column} data-column={column} aria-label={t(column)}>
              <header className={classes.head}>
                <Title order={2}>{t(column)}</Title>
              </header>
              <div className={classes.cards}>
                <LoadingRows rows={4} />
              </div>
            </section>
          ))}
        </div>
      </Page>
    );
  }
  if (tickets.isLoadingError) {
    return (
      <Page title={t("title")}>
        <Failure error={tickets.error} onRetry={() => void tickets.refetch()} />
      </Page>
    );
  }
  return (
    <Page title={t("title")} fills>
      <Columns rows={rows} hasMore={tickets.hasNextPage} />
    </Page>
  );
}

function Columns({ rows, hasMore }: { rows: Ticket[]; hasMore: boolean }) {
  const columns = columnsOf(rows, useNow());
  return (
    <div className={classes.board}>
      {COLUMNS.map((column) => (
        <OneColumn key={column} column={column} tickets={columns[column]} hasMore={hasMore && column === "day"} />
      ))}
    </div>
  );
}

function OneColumn({ column, tickets, hasMore }: { column: Column; tickets: Ticket[]; hasMore: boolean }) {
  const { t } = useTranslation("board");
  return (
    <section className={classes.column} data-column={column} aria-label={t(column)}>
      <header className={classes.head}>
        <Title order={2}>{t(column)}</Title>
        <span className={classes.count}>
          {tickets.length}
          {hasMore && "+"}
        </span>
      </header>
      <ul className={classes.cards}>
        {tickets.map((ticket) => (
          <Card key={ticket.id} ticket={ticket} />
        ))}
        {tickets.length === 0 && (
          <Text component="li" c="dimmed" size="sm" p="sm">
            {t("none")}
          </Text>
        )}
      </ul>
    </section>
  );
}

/** A ticket on the board. The columns are told apart anew each second, the cards are not drawn anew for it. */
const Card = memo(function Card({ ticket }: { ticket: Ticket }) {
  return (
    <li>
      <Link to="/tickets/$id" params={{ id: String(ticket.number) }} className={classes.card}>
        <span className={classes.line}>
          <Severity severity={ticket.severity} short />
          {ticket.next_due && <Countdown at={ticket.next_due.at} commitment={ticket.next_due.commitment} />}
        </span>
        <Text fw={550} lineClamp={2}>
          {ticket.subject}
        </Text>
        <Text size="sm" c="dimmed" truncate>
          <Name id={ticket.account} /> · <Name id={ticket.assignee} />
        </Text>
      </Link>
    </li>
  );
});
