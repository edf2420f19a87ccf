// The ledger of a deadline, drawn to scale: what counts, what is paused, what is closed, adding up to the second.
import { Group, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { Wide } from "@/parts/wide";
import classes from "./ledger.module.css";
import { explanationQuery } from "./queries";
import { useCancellation, useSpanReason } from "./reasons";

type Span = Schemas["Span"];

/** How a span is drawn. */
function kindOf(span: Span): "counted" | "closed" | "paused" {
  if (span.counted_seconds > 0) return "counted";
  return span.rule.startsWith("pause") ? "paused" : "closed";
}

const KINDS = ["counted", "paused", "closed"] as const;

/** No span is drawn thinner than this share of the whole, so that none is missed. */
const THINNEST = 0.004;

interface LedgerProps {
  id: string;
  commitment: string;
  cycle: number;
}

export default function Ledger({ id, commitment, cycle }: LedgerProps) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const reasonOf = useSpanReason();
  const cancellation = useCancellation();
  const { data } = useSuspenseQuery(explanationQuery(id, commitment));
  const explanation = data.items.find(({ clock }) => clock.cycle === cycle) ?? data.items[0];
  if (!explanation) return <Text>{t("ledger.none")}</Text>;
  const { clock, terms, spans } = explanation;
  return (
    <Stack>
      <Text>
        {t("ledger.lead", {
          target: format.span(terms.target_seconds, "long"),
          calendar: terms.calendar,
          start: format.instant(clock.started_at),
        })}
      </Text>
      {clock.cancelled_because && <Text>{cancellation(clock.cancelled_because)}</Text>}
      <Promised clock={clock} terms={terms} />
      <Scale
        spans={spans}
        total={explanation.total_seconds}
        startedAt={clock.started_at}
        dueAt={clock.due_at ?? undefined}
      />
      <Wide label={t("ledger.reason")}>
        <Table horizontalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("ledger.from")}</Table.Th>
              <Table.Th>{t("ledger.until")}</Table.Th>
              <Table.Th>{t("ledger.reason")}</Table.Th>
              <Table.Th className={classes.figure ?? ""}>{t("ledger.counted")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {spans.map((span) => (
              <Table.Tr key={`${span.from}-${span.rule}`} data-expected={span.is_expected || undefined}>
                <Table.Td className="tabular">{format.instant(span.from)}</Table.Td>
                <Table.Td className="tabular">{format.instant(span.until)}</Table.Td>
                <Table.Td>
                  <span className={classes.key} data-kind={kindOf(span)} /> {reasonOf(span)}
                  <Text size="xs" c="dimmed">
                    {span.source}
                  </Text>
                </Table.Td>
                <Table.Td className={`${classes.figure} tabular`}>
                  {span.counted_seconds > 0 ? format.span(span.counted_seconds) : "–"}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th colSpan={3}>{t("ledger.sum")}</Table.Th>
              <Table.Th className={`${classes.figure} tabular`}>{format.span(explanation.counted_seconds)}</Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </Wide>
    </Stack>
  );
}

interface ScaleProps {
  spans: Span[];
  total: number;
  startedAt: string;
  dueAt: string | undefined;
}

/** The spans to scale, the deadline among them, and what each kind of span looks like. The table beneath says the same. */
function Scale({ spans, total, startedAt, dueAt }: ScaleProps) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const reasonOf = useSpanReason();
  const end = spans.at(-1)?.until;
  const promised = dueAt ? (Date.parse(dueAt) - Date.parse(startedAt)) / 1000 : 0;
  // What was kept early ends before its deadline: the bar goes on to it all the same.
  const whole = Math.max(total, promised, 1);
  const labels = [
    { at: startedAt, isDue: false },
    ...(end ? [{ at: end, isDue: end === dueAt }] : []),
    ...(dueAt && dueAt !== end ? [{ at: dueAt, isDue: true }] : []),
  ].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return (
    <div>
      <div className={classes.scale}>
        <div className={classes.bar} role="img" aria-label={t("ledger.bar")}>
          {spans.map((span) => (
            <Tooltip key={`${span.from}-${span.rule}`} label={`${reasonOf(span)}: ${format.span(span.seconds)}`}>
              <span
                className={classes.span}
                data-kind={kindOf(span)}
                data-expected={span.is_expected || undefined}
                style={{ flexGrow: Math.max(span.seconds / whole, THINNEST) }}
              />
            </Tooltip>
          ))}
          {whole > total && <span style={{ flexGrow: (whole - total) / whole }} />}
        </div>
        {promised > 0 && <span className={classes.due} style={{ left: `${(promised / whole) * 100}%` }} aria-hidden />}
      </div>
      <Group justify="space-between" mt={4}>
        {labels.map(({ at, isDue }) =>
          isDue ? (
            <Text key="due" size="xs" fw={600}>
              {t("effect.due", { at: format.instant(at) })}
            </Text>
          ) : (
            <Text key={at} size="xs" c="dimmed">
              {format.instant(at)}
            </Text>
          ),
        )}
      </Group>
      <Group gap="md" mt={4}>
        {KINDS.filter((kind) => spans.some((span) => kindOf(span) === kind)).map((kind) => (
          <Text key={kind} size="xs">
            <span className={classes.key} data-kind={kind} /> {t(`ledger.kind.${kind}`)}
          </Text>
        ))}
        {spans.some((span) => span.is_expected) && (
          <Text size="xs">
            <span className={classes.key} data-kind="counted" data-expected /> {t("ledger.kind.expected")}
          </Text>
        )}
      </Group>
    </div>
  );
}

/** What was promised at the start, where it is another than what holds now. */
function Promised({ clock, terms }: { clock: Schemas["Clock"]; terms: Schemas["Terms"] }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const { promised } = clock;
  if (!promised || !clock.promised_due_at) return null;
  const isSame = promised.target_seconds === terms.target_seconds && promised.calendar === terms.calendar;
  if (isSame && clock.promised_due_at === clock.due_at) return null;
  return (
    <Table withTableBorder aria-label={t("ledger.promises")}>
      <Table.Tbody>
        <Table.Tr>
          <Table.Th>{t("ledger.promised")}</Table.Th>
          <Table.Td>
            {t("target", { target: format.span(promised.target_seconds), calendar: promised.calendar })}
          </Table.Td>
          <Table.Td>{t("effect.due", { at: format.instant(clock.promised_due_at) })}</Table.Td>
        </Table.Tr>
        <Table.Tr>
          <Table.Th>{t("ledger.corrected")}</Table.Th>
          <Table.Td>{t("target", { target: format.span(terms.target_seconds), calendar: terms.calendar })}</Table.Td>
          <Table.Td>{clock.due_at ? t("effect.due", { at: format.instant(clock.due_at) }) : "–"}</Table.Td>
        </Table.Tr>
      </Table.Tbody>
    </Table>
  );
}
