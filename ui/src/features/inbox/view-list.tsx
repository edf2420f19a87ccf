// The views at the side: those everybody has, saved ones, and those of the teams, each with how many tickets it lists.
import { NavLink, Text, Title } from "@mantine/core";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { teamsQuery } from "@/features/directory/directory";
import type { TicketFilter } from "@/features/ticket/queries";
import { FailedPart } from "@/parts/states";
import classes from "./inbox.module.css";
import { ViewMenu } from "./save-view";
import { countsQuery, type InboxSearch, STANDARD_VIEWS, savedCountsQuery, viewsQuery } from "./views";

interface ViewListProps {
  search: InboxSearch;
  /** What is shown now. */
  filter: TicketFilter;
}

export function ViewList({ search, filter }: ViewListProps) {
  const { t } = useTranslation("inbox");
  const teams = useQuery(teamsQuery);
  const views = useQuery(viewsQuery);
  const counts = useQuery(countsQuery);
  const saved = views.data;
  const savedCounts = useQuery({ ...savedCountsQuery, enabled: Boolean(saved?.length) });
  const isStandard = !search.team;
  return (
    <nav className={classes.views} aria-label={t("views")}>
      {STANDARD_VIEWS.map(({ id }) => (
        <Entry
          key={id}
          label={t(`view.${id}`)}
          to={{ view: id }}
          isActive={isStandard && (search.view ?? "open") === id}
          count={counts.data?.[id]}
        />
      ))}
      {(views.isLoadingError || Boolean(saved?.length)) && (
        <Title order={2} className={classes.heading}>
          {t("saved")}
        </Title>
      )}
      {saved?.map((view) => (
        <div key={view.id} className={classes.own}>
          <Entry
            label={view.name}
            to={{ view: view.id }}
            isActive={search.view === view.id}
            count={savedCounts.data?.[view.id]}
          />
          {search.view === view.id && <ViewMenu view={view} filter={filter} />}
        </div>
      ))}
      <Missed query={views} what={t("missed.saved")} />
      {(teams.isLoadingError || Boolean(teams.data?.length)) && (
        <Title order={2} className={classes.heading}>
          {t("teams")}
        </Title>
      )}
      {teams.data?.map(({ id, name }) => (
        <Entry key={id} label={name} to={{ team: id }} isActive={search.team === id && !search.view} />
      ))}
      <Missed query={teams} what={t("missed.teams")} />
      <Missed query={[counts, savedCounts]} what={t("missed.counts")} />
    </nav>
  );
}

interface MissedProps {
  query: UseQueryResult | UseQueryResult[];
  what: string;
}

/** A line under a part of the list that could not be had. */
function Missed({ query, what }: MissedProps) {
  if (![query].flat().some(({ isLoadingError }) => isLoadingError)) return null;
  return (
    <div className={classes.missed}>
      <FailedPart query={query} words={what} />
    </div>
  );
}

interface EntryProps {
  label: string;
  to: InboxSearch;
  isActive: boolean;
  count?: number | undefined;
}

function Entry({ label, to, isActive, count }: EntryProps) {
  const format = useFormats();
  return (
    <NavLink
      renderRoot={(props) => <Link {...props} to="/inbox" search={to} />}
      label={label}
      active={isActive}
      aria-current={isActive ? "true" : undefined}
      className={classes.view ?? ""}
      rightSection={
        count !== undefined && (
          <Text span size="xs" c="dimmed" className="tabular">
            {format.number(count)}
          </Text>
        )
      }
    />
  );
}
