// A list that is long is not read anew as a whole whenever something changes: that would be hundreds of readings. The rows
// that changed are read one by one, and it is said that the list is not as it was.
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { api, data } from "@/api/client";
import { onChange } from "@/app/live";
import { isLong, type Ticket, type TicketFilter, type TicketPage, ticketsQuery } from "@/features/ticket/queries";

type Rows = InfiniteData<TicketPage>;

/** How long changes are gathered before their rows are read, in milliseconds. */
const GATHER = 250;

/** How many rows are read one by one at a time. */
const MOST = 20;

/** The list with some of its rows as they are now; the others stay the same objects. */
export function withRows(list: Rows, changed: Map<string, Ticket>): Rows {
  const pages = list.pages.map((page) =>
    page.items.some(({ id }) => changed.has(id))
      ? { ...page, items: page.items.map((row) => changed.get(row.id) ?? row) }
      : page,
  );
  return { ...list, pages };
}

/** Keeps the rows of a long list true. Says whether others may have come or gone, and how to begin anew. */
export function useLongList(filter: TicketFilter): { hasChanged: boolean; begin: () => void } {
  const queries = useQueryClient();
  const { queryKey } = ticketsQuery(filter);
  const name = JSON.stringify(queryKey);
  const [changedList, setChangedList] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name says which list it is.
  useEffect(() => {
    const listed = () => {
      const list = queries.getQueryData(queryKey);
      return isLong(list) ? list : undefined;
    };
    let ids = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      timer = undefined;
      const wanted = [...ids].slice(0, MOST);
      ids = new Set();
      const rows = await Promise.allSettled(
        wanted.map((id) => data(api.GET("/api/v1/tickets/{id}", { params: { path: { id } } }))),
      );
      const changed = new Map(
        rows.flatMap((row) => (row.status === "fulfilled" ? [[row.value.id, row.value] as const] : [])),
      );
      const list = listed();
      if (list && changed.size > 0) queries.setQueryData(queryKey, withRows(list, changed));
    };
    const ignore = onChange(({ ticket }) => {
      if (!ticket || !listed()?.pages.some(({ items }) => items.some(({ id }) => id === ticket))) return;
      ids.add(ticket);
      timer ??= setTimeout(() => void read(), GATHER);
    });
    const leave = queries.getQueryCache().subscribe((event) => {
      const isInvalidated = event.type === "updated" && event.action.type === "invalidate";
      if (isInvalidated && JSON.stringify(event.query.queryKey) === name && listed()) setChangedList(name);
    });
    return () => {
      clearTimeout(timer);
      ignore();
      leave();
    };
  }, [name]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name says which list it is.
  const begin = useCallback(() => {
    setChangedList(undefined);
    void queries.resetQueries({ queryKey, exact: true });
  }, [name]);
  return { hasChanged: changedList === name, begin };
}
