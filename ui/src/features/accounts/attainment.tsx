// How the promises to an account were kept over a period; the chart comes when it is drawn.
import { Group, SegmentedControl, Skeleton, Table, Text, Title } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { serviceNow } from "@/app/time";
import { useCommitmentName } from "@/parts/clock";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./accounts.module.css";
import { Kept } from "./kept";
import { attainmentQuery } from "./queries";
import { byCommitment, lastMonths, shareKept } from "./terms";

const Chart = lazy(() => import("./attainment-chart"));

const PERIODS = ["3", "6", "12"] as const;

export function AttainmentCard({ account }: { account: string }) {
  const { t } = useTranslation("accounts");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const [period, setPeriod] = useState<string>("6");
  const months = useMemo(() => lastMonths(serviceNow(), Number(period)), [period]);
  const whole = { from: months[0]?.from ?? "", until: months.at(-1)?.until ?? "" };
  const total = useQuery(attainmentQuery(account, whole));
  const monthly = useQueries({ queries: months.map((month) => attainmentQuery(account, month)) });
  const bars = months.map(({ from }, index) => {
    const share = monthly[index]?.data && shareKept(monthly[index].data.total);
    return { month: format.instant(from, "month"), share: share === undefined ? null : share * 100 };
  });
  const kinds = byCommitment(total.data?.kinds ?? []);
  return (
    <section className={classes.card} aria-label={t("attainment")}>
      <Group justify="space-between" mb="sm">
        <Group gap="sm">
          <Title order={2}>{t("attainment")}</Title>
          {total.data && <Kept kept={total.data.total} />}
        </Group>
        <SegmentedControl
          size="xs"
          aria-label={t("period")}
          value={period}
          onChange={setPeriod}
          data={PERIODS.map((value) => ({ value, label: t("months", { count: Number(value) }) }))}
        />
      </Group>
      {total.isPending ? (
        <LoadingRows rows={5} />
      ) : total.isLoadingError ? (
        <Failure error={total.error} onRetry={() => void total.refetch()} />
      ) : kinds.length === 0 ? (
        <Text c="dimmed">{t("noAttainment")}</Text>
      ) : (
        <>
          <Suspense fallback={<Skeleton className={classes.chart ?? ""} />}>
            <Chart bars={bars} label={t("chart")} />
          </Suspense>
          <Table.ScrollContainer minWidth={300}>
            <Table horizontalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("commitment")}</Table.Th>
                  <Table.Th>{t("kept")}</Table.Th>
                  <Table.Th ta="right">{t("met")}</Table.Th>
                  <Table.Th ta="right">{t("open")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {kinds.map((kind) => (
                  <Table.Tr key={kind.commitment}>
                    <Table.Th fw={500}>{nameOf(kind.commitment)}</Table.Th>
                    <Table.Td>
                      <Kept kept={kind} />
                    </Table.Td>
                    <Table.Td ta="right" className="tabular">
                      {format.number(kind.met)}
                    </Table.Td>
                    <Table.Td ta="right" className="tabular">
                      {format.number(kind.open)}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
    </section>
  );
}
