// How the program is: whether it keeps up, the settings in force, and the time of a demonstration.
import { Button, Group, NativeSelect, SimpleGrid, Stack, Switch, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, Unreachable } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { synchronise, useNow } from "@/app/time";
import { Refusal } from "@/parts/refusal";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Loaded, Section } from "./frame";
import { useListing } from "./listing";
import { State } from "./state";

interface Ready {
  ready: boolean;
  store: boolean;
  worker: boolean;
  jobs: boolean;
  accepting: boolean;
  due: { done: number; late: number; last_ms: number; worst_ms: number };
}

/** Asked by those who watch over the program, so it stands outside the API and answers 503 while it is not ready. */
async function readiness(): Promise<Ready> {
  try {
    const answer = await fetch("/readyz");
    if (answer.ok || answer.status === 503) return await answer.json();
    throw new Error(`${answer.status} ${answer.statusText}`);
  } catch (cause) {
    throw new Unreachable(cause);
  }
}

export function Health() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const ready = useQuery({ queryKey: ["readiness"], queryFn: readiness, refetchInterval: 5_000 });
  const jobs = useQuery({
    queryKey: ["jobs", "given-up", "some"],
    queryFn: () => data(api.GET("/api/v1/jobs/given-up", { params: { query: { limit: 200 } } })),
  });
  return (
    <>
      <Section title={t("health.nav")} lead={t("health.lead")}>
        <Loaded query={ready}>
          {(is) => (
            <SimpleGrid cols={{ base: 2, md: 4 }}>
              {(["store", "worker", "jobs", "accepting"] as const).map((part) => (
                <Figure key={part} label={t(`health.${part}`)}>
                  <State state={is[part] ? "active" : "failed"} word={t(is[part] ? "health.well" : "health.unwell")} />
                </Figure>
              ))}
              <Figure label={t("health.done")}>{format.number(is.due.done)}</Figure>
              <Figure label={t("health.late")}>{format.number(is.due.late)}</Figure>
              <Figure label={t("health.worst")}>{format.span(is.due.worst_ms / 1000)}</Figure>
              <Figure label={t("health.givenUp")}>{jobs.data ? format.number(jobs.data.items.length) : "–"}</Figure>
            </SimpleGrid>
          )}
        </Loaded>
      </Section>
      <Time />
      <Settings />
    </>
  );
}

function Figure({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Stack gap={2}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="div" fw={600} size="lg" className="tabular">
        {children}
      </Text>
    </Stack>
  );
}

const STEPS = ["15m", "1h", "4h", "1d", "7d"] as const;
const SPEEDS = [0, 1, 60, 600, 3600] as const;

/** Moves the time of a demonstration; of a program on the wall clock it says what time it is. */
function Time() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const may = useMay("settings.update");
  const queries = useQueryClient();
  const now = useNow();
  const time = useQuery({ queryKey: ["time"], queryFn: () => data(api.GET("/api/v1/time")) });
  const move = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: { advance: string } | { speed: number }) => data(api.POST("/api/v1/time", { body })),
    onSuccess: async (moved) => {
      queries.setQueryData(["time"], moved);
      await synchronise();
      await queries.invalidateQueries();
    },
  });
  return (
    <Section title={t("time.title")} lead={t(time.data?.simulated ? "time.simulated" : "time.wall")}>
      <Text fw={600} size="lg" className="tabular">
        {format.instant(now, "exact")}
      </Text>
      <Refusal error={move.error} />
      {time.data?.simulated && may && (
        <Group align="flex-end">
          <Stack gap={4}>
            <Text size="sm" fw={500} id="advance">
              {t("time.advance")}
            </Text>
            <Group gap={6} role="group" aria-labelledby="advance">
              {STEPS.map((step) => (
                <Button
                  key={step}
                  variant="default"
                  disabled={move.isPending}
                  onClick={() => move.mutate({ advance: step })}
                >
                  +{format.span(SECONDS[step])}
                </Button>
              ))}
            </Group>
          </Stack>
          <NativeSelect
            label={t("time.speed")}
            value={String(time.data.speed)}
            onChange={({ currentTarget }) => move.mutate({ speed: Number(currentTarget.value) })}
            data={[...new Set([...SPEEDS, time.data.speed])].map((speed) => ({
              value: String(speed),
              label: speed === 0 ? t("time.stands") : `× ${format.number(speed)}`,
            }))}
          />
        </Group>
      )}
    </Section>
  );
}

const SECONDS = { "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400, "7d": 604_800 } as const;

function Settings() {
  const { t } = useTranslation("admin");
  const [all, setAll] = useState(false);
  const settings = useListing(["settings"], () => data(api.GET("/api/v1/settings")));
  return (
    <Section
      title={t("settings.title")}
      lead={t("settings.lead")}
      actions={
        <Switch
          label={t("settings.all")}
          checked={all}
          onChange={({ currentTarget }) => setAll(currentTarget.checked)}
        />
      }
    >
      <Loaded query={settings}>
        {(known) => (
          <Wide label={t("settings.title")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("settings.key")}</Table.Th>
                  <Table.Th>{t("settings.value")}</Table.Th>
                  <Table.Th>{t("settings.origin")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {known
                  .filter(({ value, origin }) => all || (value !== null && value !== "") || origin !== "default")
                  .map(({ key, value, origin }) => (
                    <Table.Tr key={key}>
                      <Table.Td className={classes.mono}>{key}</Table.Td>
                      <Table.Td className={classes.code}>{value || "–"}</Table.Td>
                      <Table.Td c="dimmed">{origin === "default" ? t("settings.default") : origin}</Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
    </Section>
  );
}
