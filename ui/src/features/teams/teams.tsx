// The teams: who carries how much, and who is on call.
import { Anchor, Badge, Button, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { type Team, teamsQuery } from "@/features/directory/directory";
import { Avatar } from "@/parts/avatar";
import { Page } from "@/parts/page";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { DutyWeek } from "./duty-week";
import { byLoad, share, toneOf } from "./load";
import { OnCall } from "./on-call";
import classes from "./teams.module.css";

export function Teams() {
  const { t } = useTranslation("teams");
  const teams = useQuery(teamsQuery);
  const mayMake = useMay("team.update");
  return (
    <Page title={t("title")}>
      {teams.isPending ? (
        <LoadingRows />
      ) : teams.isLoadingError ? (
        <Failure error={teams.error} onRetry={() => void teams.refetch()} />
      ) : teams.data.length === 0 ? (
        <Empty
          title={t("empty")}
          action={
            mayMake && (
              <Button component={Link} to="/admin/teams">
                {t("make")}
              </Button>
            )
          }
        >
          {t("emptyHint")}
        </Empty>
      ) : (
        <Stack gap="lg">
          {teams.data.map((team) => (
            <OneTeam key={team.id} team={team} />
          ))}
        </Stack>
      )}
    </Page>
  );
}

function OneTeam({ team }: { team: Team }) {
  const { t } = useTranslation("teams");
  return (
    <section className={classes.card} aria-label={team.name}>
      <Group justify="space-between" mb="sm">
        <Title order={2}>{team.name}</Title>
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/inbox" search={{ team: team.id }} />}>
          {t("inInbox")}
        </Anchor>
      </Group>
      <div className={classes.columns}>
        <Load team={team.id} />
        <OnCall team={team} />
      </div>
      <DutyWeek team={team} />
    </section>
  );
}

function Load({ team }: { team: string }) {
  const { t } = useTranslation("teams");
  const format = useFormats();
  const load = useQuery({
    // What anybody is given or finishes changes it.
    queryKey: ["tickets", "load", team],
    queryFn: () => data(api.GET("/api/v1/teams/{id}/load", { params: { path: { id: team } } })),
  });
  if (load.isPending) return <LoadingRows rows={6} />;
  if (load.isLoadingError) return <Failure error={load.error} onRetry={() => void load.refetch()} />;
  const { tickets, unassigned, overdue, members } = load.data;
  return (
    <div>
      <Group gap="xs" mb="sm">
        <Badge variant="default">{t("tickets", { count: tickets })}</Badge>
        <Badge variant="default">{t("unassigned", { count: unassigned })}</Badge>
        <Badge variant={overdue > 0 ? "light" : "default"} {...(overdue > 0 ? { color: "red" } : {})}>
          {t("overdue", { count: overdue })}
        </Badge>
      </Group>
      {members.length === 0 && <Text c="dimmed">{t("noMembers")}</Text>}
      <ul className={classes.plain}>
        {byLoad(members).map((member) => (
          <li key={member.agent} className={classes.member}>
            <Avatar name={member.name} />
            <span className={classes.name}>
              {member.name}
              {member.on_call && (
                <Text span size="xs" c="dimmed">
                  {" "}
                  · {t("onCall")}
                </Text>
              )}
              {!member.active && (
                <Text span size="xs" c="dimmed">
                  {" "}
                  · {t("inactive")}
                </Text>
              )}
            </span>
            <Progress
              value={share(member) * 100}
              color={toneOf(member)}
              className={classes.bar ?? ""}
              aria-label={t("loadOf", { name: member.name })}
            />
            <Text span size="sm" className={classes.figure}>
              {t("of", { tickets: format.number(member.tickets), capacity: format.number(member.capacity) })}
            </Text>
          </li>
        ))}
      </ul>
    </div>
  );
}
