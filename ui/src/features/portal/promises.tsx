// What we promised you and how we did.
import { Stack, Table, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { useCommitmentName } from "@/parts/clock";
import { Page } from "@/parts/page";
import { Severity } from "@/parts/severity";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import classes from "./portal.module.css";
import { attainmentQuery, serviceQuery } from "./queries";

export function Promises() {
  const { t } = useTranslation("portal");
  const { data: service } = useSuspenseQuery(serviceQuery);
  const seesKept = useMay("portal.read_promises");
  return (
    <Page title={t("promises.title")}>
      <Stack gap="xl">
        {seesKept && <Kept />}
        {service.tier && (
          <section>
            <Title order={2}>{t("promises.tier", { tier: service.tier.name })}</Title>
            <Text c="dimmed">
              {service.tier.description}. {t("promises.hours", { hours: service.tier.support_hours })}
            </Text>
          </section>
        )}
        {service.promises.length === 0 ? (
          <Empty title={t("promises.none")}>{t("promises.noneHint")}</Empty>
        ) : (
          <Times service={service} />
        )}
      </Stack>
    </Page>
  );
}

/** How the promises of the last ninety days were kept. */
function Kept() {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const kept = useQuery(attainmentQuery);
  if (kept.isPending) return <LoadingRows rows={3} />;
  if (kept.isLoadingError) return <Failure error={kept.error} onRetry={() => void kept.refetch()} />;
  const { total, kinds } = kept.data;
  const commitments = [...new Set(kinds.map((kind) => kind.commitment))];
  return (
    <section aria-label={t("promises.kept")}>
      <Title order={2}>{t("promises.kept")}</Title>
      <Text c="dimmed" mb="sm">
        {t("promises.since", { day: format.instant(kept.data.from, "day") })}
      </Text>
      <div className={classes.figures}>
        <Figure label={t("promises.all")} kept={total} />
        {commitments.map((commitment) => (
          <Figure key={commitment} label={nameOf(commitment)} kept={sum(kinds, commitment)} />
        ))}
      </div>
    </section>
  );
}

type Counts = Pick<Schemas["Kept"], "met" | "missed" | "open">;

function sum(kinds: Schemas["AttainmentKind"][], commitment: string): Counts {
  const counts = { met: 0, missed: 0, open: 0 };
  for (const kind of kinds) {
    if (kind.commitment !== commitment) continue;
    counts.met += kind.kept.met;
    counts.missed += kind.kept.missed;
    counts.open += kind.kept.open;
  }
  return counts;
}

function Figure({ label, kept }: { label: string; kept: Counts }) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const decided = kept.met + kept.missed;
  return (
    <div className={classes.figure}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text className={classes.percent ?? ""}>{decided > 0 ? format.percent(kept.met / decided, 1) : "–"}</Text>
      <Text size="sm">
        {decided > 0
          ? t("promises.ofThem", { met: format.number(kept.met), decided: format.number(decided) })
          : t("promises.undecided")}
      </Text>
    </div>
  );
}

/** The promised times: commitments down, severities across. */
function Times({ service: { promises, severities, tier } }: { service: Schemas["PortalService"] }) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const commitments = [...new Map(promises.map((promise) => [promise.commitment, promise])).values()];
  return (
    <section aria-label={t("promises.times")}>
      <Title order={2} mb="sm">
        {t("promises.times")}
      </Title>
      <Table.ScrollContainer minWidth={620} type="native" scrollAreaProps={{ tabIndex: 0 }}>
        <Table withTableBorder verticalSpacing="sm" layout="fixed" className={classes.table ?? ""}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("promises.promise")}</Table.Th>
              {severities.map(({ severity }) => (
                <Table.Th key={severity}>
                  <Severity severity={severity} />
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {commitments.map(({ commitment, description }) => (
              <Table.Tr key={commitment}>
                <Table.Th scope="row">
                  {nameOf(commitment)}
                  <Text size="xs" c="dimmed" fw={400}>
                    {description}
                  </Text>
                </Table.Th>
                {severities.map(({ severity }) => {
                  const promise = promises.find((one) => one.commitment === commitment && one.severity === severity);
                  return (
                    <Table.Td key={severity}>
                      {promise ? (
                        <>
                          <Text fw={600}>{format.span(promise.target_seconds, "long")}</Text>
                          {promise.calendar !== tier?.support_hours && (
                            <Text size="xs" c="dimmed">
                              {promise.calendar}
                            </Text>
                          )}
                        </>
                      ) : (
                        <Text c="dimmed" aria-label={t("promises.nothing")}>
                          –
                        </Text>
                      )}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}
