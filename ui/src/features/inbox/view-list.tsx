// The views at the side: those everybody has, saved ones, and those of the teams, each with how many tickets it lists.
import { NavLink, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useTeams } from "@/features/directory/directory";
import classes from "./inbox.module.css";
import { ViewMenu } from "./save-view";
import { countsQuery, type InboxSearch, STANDARD_VIEWS, savedCountsQuery, viewsQuery } from "./views";

export function ViewList({ search }: { search: InboxSearch }) {
  const { t } = useTranslation("inbox");
  const teams = useTeams();
  const { data: saved } = useQuery(viewsQuery);
  const { data: counts } = useQuery(countsQuery);
  const { data: savedCounts } = useQuery({ ...savedCountsQuery, enabled: Boolean(saved?.length) });
  const isStandard = !search.team;
  return (
    <nav className={classes.views} aria-label={t("views")}>
      {STANDARD_VIEWS.map(({ id }) => (
        <Entry
          key={id}
          label={t(`view.${id}`)}
          to={{ view: id }}
          isActive={isStandard && (search.view ?? "open") === id}
          count={counts?.[id]}
        />
      ))}
      {saved && saved.length > 0 && (
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
            count={savedCounts?.[view.id]}
          />
          {search.view === view.id && <ViewMenu view={view} />}
        </div>
      ))}
      {teams.size > 0 && (
        <Title order={2} className={classes.heading}>
          {t("teams")}
        </Title>
      )}
      {[...teams.values()].map(({ id, name }) => (
        <Entry key={id} label={name} to={{ team: id }} isActive={search.team === id && !search.view} />
      ))}
    </nav>
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
