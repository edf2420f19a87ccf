// The inbox: views, and the tickets of one of them in the order in which something must happen.
import { ActionIcon, Button, Group, Menu, NavLink, Select, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { IconFilter, IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useTeams } from "@/features/directory/directory";
import { ticketsQuery } from "@/features/ticket/queries";
import { Page } from "@/parts/page";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { BulkBar } from "./bulk-bar";
import classes from "./inbox.module.css";
import { useSelection } from "./selection";
import { TicketList } from "./ticket-list";
import { filterOf, type InboxSearch, STANDARD_VIEWS, viewsQuery } from "./views";

const route = getRouteApi("/_work/inbox");

export function Inbox() {
  const { t } = useTranslation("inbox");
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/inbox" });
  const words = useRef<HTMLInputElement>(null);
  const { data: saved } = useQuery(viewsQuery);
  const filter = filterOf(search, saved ?? []);
  const tickets = useInfiniteQuery(ticketsQuery(filter));
  const rows = tickets.data?.pages.flatMap((page) => page.items) ?? [];
  const selection = useSelection(rows);
  const seek = useDebouncedCallback(
    (text: string) => void navigate({ search: (now) => ({ ...now, words: text || undefined }), replace: true }),
    250,
  );
  useHotkeys([["/", () => words.current?.focus()]]);
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
        <Views search={search} />
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
            <SeverityFilter search={search} />
            <Select
              aria-label={t("sort.label")}
              value={search.sort ?? "next_due"}
              allowDeselect={false}
              data={SORTS.map((sort) => ({ value: sort, label: t(`sort.${sort}`) }))}
              onChange={(sort) => void navigate({ search: (now) => ({ ...now, sort: sort ?? undefined }) })}
              w="11rem"
              visibleFrom="sm"
            />
          </Group>
          <BulkBar selection={selection} rows={rows} />
          {tickets.isPending ? (
            <LoadingRows rows={12} />
          ) : tickets.isError ? (
            <Failure error={tickets.error} onRetry={() => void tickets.refetch()} />
          ) : rows.length === 0 ? (
            <Empty title={t("empty.title")}>{search.words ? t("empty.words") : t("empty.hint")}</Empty>
          ) : (
            <TicketList
              rows={rows}
              selection={selection}
              hasMore={tickets.hasNextPage}
              onMore={() => !tickets.isFetchingNextPage && void tickets.fetchNextPage()}
            />
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

/** The views at the side: those everybody has, those of the teams, and saved ones. */
function Views({ search }: { search: InboxSearch }) {
  const { t } = useTranslation("inbox");
  const teams = useTeams();
  const { data: saved } = useQuery(viewsQuery);
  const entry = (label: string, to: InboxSearch, active: boolean) => (
    <NavLink
      key={label}
      renderRoot={(props) => <Link {...props} to="/inbox" search={to} />}
      label={label}
      active={active}
      aria-current={active ? "true" : undefined}
      className={classes.view ?? ""}
    />
  );
  return (
    <nav className={classes.views} aria-label={t("views")}>
      {STANDARD_VIEWS.map(({ id }) =>
        entry(t(`view.${id}`), { view: id }, !search.team && (search.view ?? "open") === id),
      )}
      {saved && saved.length > 0 && (
        <Title order={4} className={classes.heading}>
          {t("saved")}
        </Title>
      )}
      {saved?.map(({ id, name }) => entry(name, { view: id }, search.view === id))}
      {teams.size > 0 && (
        <Title order={4} className={classes.heading}>
          {t("teams")}
        </Title>
      )}
      {[...teams.values()].map(({ id, name }) => entry(name, { team: id }, search.team === id))}
    </nav>
  );
}

function SeverityFilter({ search }: { search: InboxSearch }) {
  const { t } = useTranslation();
  const { t: inbox } = useTranslation("inbox");
  const navigate = useNavigate({ from: "/inbox" });
  const chosen = search.severity?.split(",") ?? [];
  const toggle = (severity: string) => {
    const next = chosen.includes(severity) ? chosen.filter((each) => each !== severity) : [...chosen, severity];
    void navigate({ search: (now) => ({ ...now, severity: next.length > 0 ? next.sort().join(",") : undefined }) });
  };
  return (
    <Menu closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon
          variant={chosen.length > 0 ? "filled" : "default"}
          size={34}
          aria-label={inbox("filter", { count: chosen.length })}
        >
          <IconFilter size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(["P1", "P2", "P3", "P4"] as const).map((severity) => (
          <Menu.CheckboxItem key={severity} checked={chosen.includes(severity)} onChange={() => toggle(severity)}>
            {severity}{" "}
            <Text span c="dimmed" size="sm">
              {t(`severity.${severity}`)}
            </Text>
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
