// Who is on call when, drawn as a week: a row for each layer, a bar for each turn.
import { ActionIcon, Button, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useFormats } from "@/app/format";
import { serviceNow, useNow } from "@/app/time";
import { type Team, useAgents } from "@/features/directory/directory";
import { Failure, LoadingRows } from "@/parts/states";
import { dutyQuery } from "./on-call";
import classes from "./teams.module.css";
import { daysOf, drawn, hueOf, weekStart } from "./week";

/** The week of a team that has a rota; nothing of one whose flagged members are on call. */
export function DutyWeek({ team }: { team: Team }) {
  const duty = useQuery(dutyQuery(team.id));
  return duty.data && duty.data.value.layers.length > 0 ? <Week team={team} /> : null;
}

function Week({ team }: { team: Team }) {
  const { t, i18n } = useTranslation("teams");
  const format = useFormats();
  const agents = useAgents();
  const [later, setLater] = useState(0);
  const from = weekStart(serviceNow(), later);
  const until = weekStart(serviceNow(), later + 1);
  const query = { from: from.toISOString(), until: until.toISOString() };
  const spans = useQuery({
    queryKey: ["teams", "spans", team.id, query],
    queryFn: () => data(api.GET("/api/v1/teams/{id}/on-call/spans", { params: { path: { id: team.id }, query } })),
    placeholderData: keepPreviousData,
  });
  const day = new Intl.DateTimeFormat(i18n.language, { weekday: "short", day: "numeric" });
  const rows = drawn(spans.data?.items ?? [], from, until);
  const nameOf = (id: string) => agents.get(id)?.name ?? "…";
  return (
    <section aria-label={t("week.label", { team: team.name })} className={classes.week}>
      <Group justify="space-between" mb="xs">
        <Title order={3}>
          {t("week.title", {
            from: format.instant(from.getTime(), "day"),
            until: format.instant(until.getTime() - 1, "day"),
          })}
        </Title>
        <Group gap={4}>
          <ActionIcon variant="default" aria-label={t("week.before")} onClick={() => setLater(later - 1)}>
            <IconChevronLeft size={16} aria-hidden />
          </ActionIcon>
          <Button size="compact-sm" variant="default" disabled={later === 0} onClick={() => setLater(0)}>
            {t("week.this")}
          </Button>
          <ActionIcon variant="default" aria-label={t("week.after")} onClick={() => setLater(later + 1)}>
            <IconChevronRight size={16} aria-hidden />
          </ActionIcon>
        </Group>
      </Group>
      {spans.isPending && <LoadingRows rows={2} />}
      {spans.isLoadingError && <Failure error={spans.error} onRetry={() => void spans.refetch()} />}
      {spans.isSuccess && rows.size === 0 && <Text c="dimmed">{t("week.nobody")}</Text>}
      {rows.size > 0 && (
        <div className={classes.weekGrid}>
          <div className={classes.weekDays} aria-hidden>
            {daysOf(from).map((each) => (
              <span key={each.getTime()}>{day.format(each)}</span>
            ))}
          </div>
          {[...rows].map(([layer, row]) => (
            <div key={layer} className={classes.weekRow}>
              <Text size="sm" fw={550} className={classes.weekLayer ?? ""}>
                {layer}
              </Text>
              <ul className={classes.weekBars} aria-label={layer}>
                {row.map((span) => {
                  const said = `${nameOf(span.agent)}${span.cover ? ` (${t("standsIn")})` : ""}, ${format.instant(span.from)} – ${format.instant(span.until)}`;
                  return (
                    <Tooltip key={span.from} label={said}>
                      <li
                        className={classes.weekBar}
                        data-hue={hueOf(span.agent, team.members)}
                        data-cover={span.cover ? true : undefined}
                        style={{ left: `${span.left * 100}%`, width: `${span.width * 100}%` }}
                      >
                        <span aria-hidden>{nameOf(span.agent)}</span>
                        <span className="unseen">{said}</span>
                      </li>
                    </Tooltip>
                  );
                })}
                <Present from={from.getTime()} until={until.getTime()} />
              </ul>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

/** Where in the week it is now. */
function Present({ from, until }: { from: number; until: number }) {
  const now = useNow();
  if (now < from || now >= until) return null;
  return <li className={classes.weekNow} style={{ left: `${((now - from) / (until - from)) * 100}%` }} aria-hidden />;
}
