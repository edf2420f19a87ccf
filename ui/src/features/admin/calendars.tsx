// The calendars of the policy in force, each drawn as a week with what closes it.
import { Button, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { Empty } from "@/parts/states";
import classes from "./calendars.module.css";
import { Loaded, Section } from "./frame";
import { policyQuery } from "./policy-data";
import { State } from "./state";
import { stretches } from "./week";

export function Calendars() {
  const { t } = useTranslation("admin");
  const policy = useQuery(policyQuery);
  const [chosen, choose] = useState<string | null>(null);
  return (
    <Section title={t("calendars.nav")} lead={t("calendars.lead")}>
      <Loaded query={policy}>
        {({ calendars }) => {
          const calendar = calendars.find(({ name }) => name === chosen) ?? calendars[0];
          if (!calendar) return <Empty title={t("calendars.none")}>{t("calendars.lead")}</Empty>;
          return (
            <Stack>
              <NativeSelect
                label={t("calendars.calendar")}
                w="16rem"
                maw="100%"
                data={calendars.map(({ name }) => name)}
                value={calendar.name}
                onChange={({ currentTarget }) => choose(currentTarget.value)}
              />
              {calendar.description && <Text c="dimmed">{calendar.description}</Text>}
              <Weeks key={calendar.name} name={calendar.name} />
            </Stack>
          );
        }}
      </Loaded>
    </Section>
  );
}

function Weeks({ name }: { name: string }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const [week, setWeek] = useState(0);
  const calendar = useQuery({
    queryKey: ["calendars", name],
    queryFn: () => data(api.GET("/api/v1/calendars/{id}", { params: { path: { id: name } } })),
  });
  return (
    <Loaded query={calendar}>
      {(read) => (
        <Stack>
          <Group gap="xs">
            <State
              state={read.is_open ? "active" : "closed"}
              word={t(read.is_open ? "calendars.open" : "calendars.closed")}
            />
            <Text size="sm">{read.time_zone}</Text>
            {read.changes_at && (
              <Text size="sm" c="dimmed">
                {t(read.is_open ? "calendars.closesAt" : "calendars.opensAt", { at: format.instant(read.changes_at) })}
              </Text>
            )}
          </Group>
          <Group gap="xs">
            <Button size="compact-sm" variant="default" disabled={week === 0} onClick={() => setWeek(week - 1)}>
              {t("calendars.before")}
            </Button>
            <Button size="compact-sm" variant="default" disabled={week === 3} onClick={() => setWeek(week + 1)}>
              {t("calendars.after")}
            </Button>
          </Group>
          <Week days={read.days.slice(week * 7, week * 7 + 7)} zone={read.time_zone} />
          <Holidays all={read.holidays} />
        </Stack>
      )}
    </Loaded>
  );
}

/** A date without a time, in words. */
const dayOf = (date: string) => `${date}T12:00:00`;

function Week({ days, zone }: { days: Schemas["CalendarDay"][]; zone: string }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  return (
    <ul className={classes.week} aria-label={t("calendars.week")}>
      {days.map((day) => (
        <li key={day.date} className={classes.day}>
          <Stack gap={0} className={classes.date ?? ""}>
            <Text fw={550}>{format.instant(dayOf(day.date), "weekday")}</Text>
            <Text size="sm" c="dimmed">
              {day.open_seconds > 0 ? format.span(day.open_seconds) : t("calendars.closed")}
            </Text>
          </Stack>
          <div className={classes.bar} aria-hidden>
            {stretches(day, zone).map(({ from, until }) => (
              <span
                key={from}
                className={classes.open}
                style={{ left: `${(from / 24) * 100}%`, width: `${((until - from) / 24) * 100}%` }}
              />
            ))}
          </div>
          <Text size="sm" className={classes.hours ?? ""}>
            {stretches(day, zone)
              .map(({ from, until }) => `${clock(from)}–${clock(until)}`)
              .join(", ")}
            {day.closed_by.length > 0 && ` ${format.list(day.closed_by)}`}
          </Text>
        </li>
      ))}
    </ul>
  );
}

/** An hour of the day as a clock shows it. */
function clock(hour: number): string {
  const minutes = Math.round(hour * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function Holidays({ all }: { all: Schemas["Holiday"][] }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  return (
    <Stack gap="xs">
      <Title order={3}>{t("calendars.holidays")}</Title>
      {all.length === 0 && <Text c="dimmed">{t("calendars.noHolidays")}</Text>}
      {all.map(({ date, name }) => (
        <Group key={date} gap="xs">
          <Text miw="8.5rem">{format.instant(dayOf(date), "day")}</Text>
          <Text c="dimmed">{name}</Text>
        </Group>
      ))}
    </Stack>
  );
}
