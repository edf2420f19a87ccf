// The inbox: views, and the tickets of one of them in the order in which something must happen.
import { Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "@/app/keys";
import { useMay } from "@/app/session";
import { useNow } from "@/app/time";
import { teamsQuery } from "@/features/directory/directory";
import { ticketsQuery } from "@/features/ticket/queries";
import { Page } from "@/parts/page";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { BulkBar } from "./bulk-bar";
import { Chosen, Filters } from "./filters";
import classes from "./inbox.module.css";
import { rememberView } from "./last";
import { useLongList } from "./long-list";
import { SaveView } from "./save-view";
import { useSelection } from "./selection";
import { TicketList } from "./ticket-list";
import { ViewList } from "./view-list";
import { filterOf, type InboxSearch, isStandard, STANDARD_VIEWS, viewsQuery } from "./views";

const route = getRouteApi("/_work/inbox");

export function Inbox() {
  const { t } = useTranslation("inbox");
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/inbox" });
  useEffect(() => rememberView(search), [search]);
  const mayOpen = useMay("ticket.create");
  const views = useQuery(viewsQuery);
  const saved = views.data;
  const { data: teams } = useQuery(teamsQuery);
  // A saved view that is not known yet would list everything.
  const isKnown = isStandard(search.view) || saved?.some(({ id }) => id === search.view) === true;
  // Only whole minutes count, so that the list is not read anew each second.
  const filter = filterOf(search, saved ?? [], useNow(60_000));
  const tickets = useInfiniteQuery({ ...ticketsQuery(filter), enabled: isKnown });
  const rows = useMemo(() => tickets.data?.pages.flatMap((page) => page.items) ?? [], [tickets.data]);
  const { hasChanged, begin } = useLongList(filter);
  const { isFetchingNextPage, fetchNextPage } = tickets;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const selection = useSelection(rows);
  const title = titleOf(search, saved ?? [], teams ?? [], t);
  return (
    <Page
      title={title}
      fills
      actions={
        mayOpen && (
          <Button component={Link} to="/tickets/new" leftSection={<IconPlus size={16} aria-hidden />}>
            {t("new")}
          </Button>
        )
      }
    >
      <div className={classes.layout}>
        <ViewList search={search} filter={filter} />
        <section className={classes.list} aria-label={title}>
          <Group className={classes.tools} gap="xs" wrap="nowrap">
            <Seek words={search.words} />
            <Filters search={search} />
            <SaveView search={search} filter={filter} />
            <NativeSelect
              aria-label={t("sort.label")}
              value={filter.sort ?? "next_due"}
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
          {!isKnown && views.isLoadingError ? (
            <Failure error={views.error} onRetry={() => void views.refetch()} />
          ) : !isKnown && views.isSuccess ? (
            <Empty
              title={t("gone.title")}
              action={
                <Button component={Link} to="/inbox" variant="default">
                  {t("gone.open")}
                </Button>
              }
            >
              {t("gone.hint")}
            </Empty>
          ) : tickets.isPending ? (
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

/** The words that narrow the list. */
function Seek({ words }: { words: string | undefined }) {
  const { t } = useTranslation("inbox");
  const navigate = useNavigate({ from: "/inbox" });
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(words ?? "");
  const sought = useRef(words);
  const seek = useDebouncedCallback((text: string) => {
    sought.current = text || undefined;
    void navigate({ search: (now) => ({ ...now, words: text || undefined }), replace: true });
  }, 250);
  // Another view, or the way back, has words of its own; what was sought from here stands in the field already.
  useEffect(() => {
    if (words === sought.current) return;
    sought.current = words;
    setTyped(words ?? "");
  }, [words]);
  useKeys({ search: () => field.current?.focus() });
  return (
    <TextInput
      ref={field}
      aria-label={t("search")}
      placeholder={t("search")}
      value={typed}
      leftSection={<IconSearch size={16} aria-hidden />}
      onChange={({ currentTarget: { value } }) => {
        setTyped(value);
        seek(value);
      }}
      flex={1}
      maw="24rem"
    />
  );
}

const SORTS = ["next_due", "-updated", "-opened", "severity", "number"] as const;

type Words = ReturnType<typeof useTranslation<"inbox">>["t"];

interface Named {
  id: string;
  name: string;
}

function titleOf({ view, team }: InboxSearch, saved: Named[], teams: Named[], t: Words): string {
  const named = (all: Named[], id: string) => all.find((each) => each.id === id)?.name;
  if (view === undefined && team !== undefined) return named(teams, team) ?? t("by.team");
  const standard = STANDARD_VIEWS.find(({ id }) => id === (view ?? "open"));
  return standard ? t(`view.${standard.id}`) : (named(saved, view ?? "") ?? t("views"));
}
