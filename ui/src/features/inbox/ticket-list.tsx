// The rows of the inbox: only those in sight are drawn, however many there are.
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { rowHeight } from "@/app/density";
import { useKeys } from "@/app/keys";
import { useAgents } from "@/features/directory/directory";
import { useName } from "@/features/directory/names";
import type { Ticket } from "@/features/ticket/queries";
import { Avatar } from "@/parts/avatar";
import { ClockState, Countdown } from "@/parts/clock";
import { Severity, Status } from "@/parts/severity";
import classes from "./inbox.module.css";
import { useOpening } from "./opening";
import type { Selection } from "./selection";

interface TicketListProps {
  rows: Ticket[];
  selection: Selection;
  hasMore: boolean;
  onMore: () => void;
}

/** How many rows from the end more are fetched. */
const AHEAD = 30;

export function TicketList({ rows, selection, hasMore, onMore }: TicketListProps) {
  const { t } = useTranslation("inbox");
  const agents = useAgents();
  const { open, prepare, listens } = useOpening(rows);
  const scroll = useRef<HTMLDivElement>(null);
  const height = rowHeight();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: useCallback(() => height, [height]),
    overscan: 8,
    // With another function every row would be reckoned anew.
    getItemKey: useCallback((index: number) => rows[index]?.id ?? index, [rows]),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height lie elsewhere.
  useEffect(() => virtual.measure(), [height]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onMore();
  }, [last, rows.length, hasMore, onMore]);

  const move = (row: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, row));
    selection.moveTo(to);
    virtual.scrollToIndex(to);
    prepare(to);
  };
  useKeys({
    next: () => move(selection.at + 1),
    previous: () => move(selection.at - 1),
    mark: () => selection.toggle(selection.at),
    markAll: selection.toggleAll,
    open: () => open(selection.at),
    clear: selection.clear,
  });
  return (
    <div ref={scroll} className={classes.scroll}>
      <ul aria-label={t("tickets")} className={classes.rows} style={{ height: virtual.getTotalSize() }} {...listens}>
        {items.map(({ index, start, key, size }) => {
          const ticket = rows[index];
          return (
            ticket && (
              <li
                key={key}
                data-index={index}
                aria-posinset={index + 1}
                aria-setsize={hasMore ? -1 : rows.length}
                className={classes.row}
                data-at={selection.at === index || undefined}
                data-marked={selection.marked.has(ticket.id) || undefined}
                style={{ height: size, transform: `translateY(${start}px)` }}
              >
                <Row
                  ticket={ticket}
                  isMarked={selection.marked.has(ticket.id)}
                  index={index}
                  onToggle={selection.toggle}
                  assignee={ticket.assignee ? agents.get(ticket.assignee)?.name : undefined}
                />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

interface RowProps {
  ticket: Ticket;
  isMarked: boolean;
  index: number;
  onToggle: Selection["toggle"];
  /** Who has it, by name. */
  assignee: string | undefined;
}

/** One row, of plain elements: scrolling draws hundreds of them a second. */
const Row = memo(function Row({ ticket, isMarked, index, onToggle, assignee }: RowProps) {
  const { t } = useTranslation("inbox");
  const account = useName(ticket.account);
  return (
    <>
      <span className={classes.mark}>
        <input
          type="checkbox"
          className={classes.box}
          checked={isMarked}
          aria-label={t("select", { number: ticket.number })}
          onChange={(event) => onToggle(index, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      </span>
      <span className={classes.severity}>
        <Severity severity={ticket.severity} short />
      </span>
      <span className={classes.subject}>
        <a href={`/tickets/${ticket.number}`} className={classes.open}>
          <span className={classes.number}>#{ticket.number}</span>{" "}
          <span data-awaits={ticket.awaiting === "agent" || undefined}>{ticket.subject}</span>
        </a>
        <span className={classes.account}>
          {account}
          {/* It stands behind the name and comes with it: else it would jump. */}
          {ticket.tier && (account || !ticket.account) && (
            <span className={classes.tier}>{account ? ` · ${ticket.tier}` : ticket.tier}</span>
          )}
        </span>
      </span>
      <span className={classes.status}>
        <Status status={ticket.status} kind={ticket.status_kind} />
      </span>
      <span className={classes.assignee}>
        {assignee && <Avatar name={assignee} size={22} />}
        <span>{assignee ?? t("nobody")}</span>
      </span>
      <span className={classes.clock}>
        <NextDue ticket={ticket} />
      </span>
    </>
  );
});

/** The clock that falls due first, or why none runs. */
function NextDue({ ticket }: { ticket: Ticket }) {
  if (ticket.next_due) return <Countdown at={ticket.next_due.at} commitment={ticket.next_due.commitment} />;
  return ticket.status_kind === "pending_customer" || ticket.status_kind === "on_hold" ? (
    <ClockState state="paused" />
  ) : null;
}
