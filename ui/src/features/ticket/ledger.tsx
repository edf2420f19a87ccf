// The ledger of a deadline, drawn to scale: what counts, what is paused, what is closed, adding up to the second.
import { Group, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import classes from "./ledger.module.css";
import { explanationQuery } from "./queries";

type Span = Schemas["Span"];

/** How a span is drawn. */
function kindOf(span: Span): "counted" | "closed" | "paused" {
  if (span.counted_seconds > 0) return "counted";
  return span.rule.startsWith("pause") ? "paused" : "closed";
}

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
      <div className={classes.bar} role="img" aria-label={t("ledger.bar")}>
        {spans.map((span) => (
          <Tooltip key={`${span.from}-${span.rule}`} label={`${span.reason}: ${format.span(span.seconds)}`}>
            <span
              className={classes.span}
              data-kind={kindOf(span)}
              data-expected={span.is_expected || undefined}
              style={{ flexGrow: Math.max(span.seconds / Math.max(explanation.total_seconds, 1), THINNEST) }}
            />
          </Tooltip>
        ))}
      </div>
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {format.instant(clock.started_at)}
        </Text>
        <Text size="xs" c="dimmed">
          {clock.due_at && format.instant(clock.due_at)}
        </Text>
      </Group>
      <Table.ScrollContainer minWidth={560}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("ledger.from")}</Table.Th>
              <Table.Th>{t("ledger.until")}</Table.Th>
              <Table.Th>{t("ledger.reason")}</Table.Th>
              <Table.Th ta="right">{t("ledger.counted")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {spans.map((span) => (
              <Table.Tr key={`${span.from}-${span.rule}`} data-expected={span.is_expected || undefined}>
                <Table.Td className="tabular">{format.instant(span.from)}</Table.Td>
                <Table.Td className="tabular">{format.instant(span.until)}</Table.Td>
                <Table.Td>
                  <span className={classes.key} data-kind={kindOf(span)} /> {span.reason}
                  <Text size="xs" c="dimmed">
                    {span.source}
                  </Text>
                </Table.Td>
                <Table.Td ta="right" className="tabular">
                  {span.counted_seconds > 0 ? format.span(span.counted_seconds) : "–"}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th colSpan={3}>{t("ledger.sum")}</Table.Th>
              <Table.Th ta="right" className="tabular">
                {format.span(explanation.counted_seconds)}
              </Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
