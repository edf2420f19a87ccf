// The inbox: views, and the tickets of one of them in the order in which something must happen.
import { Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "@/app/keys";
import { useNow } from "@/app/time";
import { ticketsQuery } from "@/features/ticket/queries";
import { Page } from "@/parts/page";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { BulkBar } from "./bulk-bar";
import { Chosen, Filters } from "./filters";
import classes from "./inbox.module.css";
import { useLongList } from "./long-list";
import { SaveView } from "./save-view";
import { useSelection } from "./selection";
import { TicketList } from "./ticket-list";
import { ViewList } from "./view-list";
import { filterOf, type InboxSearch, STANDARD_VIEWS, viewsQuery } from "./views";

const route = getRouteApi("/_work/inbox");

export function Inbox() {
  const { t } = useTranslation("inbox");
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/inbox" });
  const words = useRef<HTMLInputElement>(null);
  const { data: saved } = useQuery(viewsQuery);
  // Only whole minutes count, so that the list is not read anew each second.
  const filter = filterOf(search, saved ?? [], useNow(60_000));
  const tickets = useInfiniteQuery(ticketsQuery(filter));
  const rows = useMemo(() => tickets.data?.pages.flatMap((page) => page.items) ?? [], [tickets.data]);
  const { hasChanged, begin } = useLongList(filter);
  const { isFetchingNextPage, fetchNextPage } = tickets;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const selection = useSelection(rows);
  const seek = useDebouncedCallback(
    (text: string) => void navigate({ search: (now) => ({ ...now, words: text || undefined }), replace: true }),
    250,
  );
  useKeys({ search: () => words.current?.focus() });
  const title = titleOf(search, saved ?? [], t);
  return (
    <Page
      title={title}
      fills
      actions={
        <Button component={Link} to="/tickets/new" leftSection={<IconPlus size={16} aria-hidden />}>
          {t("new")}
        </Button>
      }
    >
      <div className={classes.layout}>
        <ViewList search={search} />
        <section className={classes.list} aria-label={title}>
          <Group className={classes.tools} gap="xs" wrap="nowrap">
            <TextInput
              ref={words}
              aria-label={t("search")}
              placeholder={t("search")}
              defaultValue={search.words ?? ""}
              key={search.view}
              leftSection={<IconSearch size={16} aria-hidden />}
              onChange={(event) => seek(event.currentTarget.value)}
              flex={1}
              maw="24rem"
            />
            <Filters search={search} />
            <SaveView search={search} filter={filter} />
            <NativeSelect
              aria-label={t("sort.label")}
              value={search.sort ?? "next_due"}
              data={SORTS.map((sort) => ({ value: sort, label: t(`sort.${sort}`) }))}
              onChange={({ currentTarget: { value: sort } }) => void navigate({ search: (now) => ({ ...now, sort }) })}
              w="11rem"
              visibleFrom="sm"
            />
          </Group>
          <Chosen search={search} />
          <BulkBar selection={selection} rows={rows} />
          {hasChanged && (
            <Group gap="xs" role="status" className={classes.changed ?? ""}>
              <Text size="sm">{t("changed")}</Text>
              <Button size="compact-sm" variant="default" onClick={begin}>
                {t("begin")}
              </Button>
            </Group>
          )}
          {tickets.isPending ? (
            <LoadingRows rows={12} />
          ) : tickets.isLoadingError ? (
            <Failure error={tickets.error} onRetry={() => void tickets.refetch()} />
          ) : rows.length === 0 ? (
            <Empty title={t("empty.title")}>{search.words ? t("empty.words") : t("empty.hint")}</Empty>
          ) : (
            <TicketList rows={rows} selection={selection} hasMore={tickets.hasNextPage} onMore={more} />
          )}
        </section>
      </div>
    </Page>
  );
}

const SORTS = ["next_due", "-updated", "-opened", "severity", "number"] as const;

type Words = ReturnType<typeof useTranslation<"inbox">>["t"];

function titleOf(search: InboxSearch, saved: { id: string; name: string }[], t: Words): string {
  const standard = STANDARD_VIEWS.find(({ id }) => id === (search.view ?? "open"));
  return standard ? t(`view.${standard.id}`) : (saved.find(({ id }) => id === search.view)?.name ?? t("view.open"));
}
