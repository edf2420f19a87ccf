// What would become of a ticket's clocks, before it is done.
import { Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useCommitmentName } from "@/parts/clock";
import { Wide } from "@/parts/wide";
import type { Clock } from "./queries";

/** One clock before and after; either may be missing. */
export interface Turn {
  name: string;
  cycle: number;
  before?: Clock;
  after?: Clock;
}

/** Lays the clocks before and after beside one another. */
export function turnsOf(before: Clock[], after: Clock[]): Turn[] {
  const turns = new Map<string, Turn>();
  const turn = (clock: Clock) => {
    const key = `${clock.commitment} ${clock.cycle}`;
    const known = turns.get(key) ?? { name: clock.commitment, cycle: clock.cycle };
    turns.set(key, known);
    return known;
  };
  for (const clock of before) turn(clock).before = clock;
  for (const clock of after) turn(clock).after = clock;
  const last = new Map<string, number>();
  for (const { name, cycle } of turns.values()) last.set(name, Math.max(cycle, last.get(name) ?? cycle));
  return [...turns.values()].filter((turn) => last.get(turn.name) === turn.cycle || isTouched(turn));
}

/** Whether a clock is open before or after, or ends otherwise: of the others, which are over, only the last is shown. */
function isTouched({ before, after }: Turn): boolean {
  const isOpen = (clock: Clock | undefined) => clock?.state === "running" || clock?.state === "paused";
  return (
    isOpen(before) || isOpen(after) || (before !== undefined && after !== undefined && before.state !== after.state)
  );
}

export function EffectTable({ effect }: { effect: Schemas["Effect"] }) {
  const { t } = useTranslation("ticket");
  return (
    <>
      <ClockTable title={t("effect.of", { number: effect.ticket })} turns={turnsOf(effect.before, effect.after)} />
      {effect.split_off.length > 0 && <ClockTable title={t("effect.new")} turns={turnsOf([], effect.split_off)} />}
    </>
  );
}

function ClockTable({ title, turns }: { title: string; turns: Turn[] }) {
  const { t } = useTranslation("ticket");
  const nameOf = useCommitmentName();
  return (
    <div>
      <Title order={3} size="h4" mb={4}>
        {title}
      </Title>
      {turns.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("noClocks")}
        </Text>
      ) : (
        <Wide label={title}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("effect.clock")}</Table.Th>
                <Table.Th>{t("effect.before")}</Table.Th>
                <Table.Th>{t("effect.after")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {turns.map((turn) => (
                <Table.Tr key={`${turn.name} ${turn.cycle}`}>
                  <Table.Td>{nameOf(turn.name)}</Table.Td>
                  <Table.Td>
                    <State clock={turn.before} />
                  </Table.Td>
                  <Table.Td>
                    <State clock={turn.after} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
    </div>
  );
}

function State({ clock }: { clock: Clock | undefined }) {
  const { t } = useTranslation();
  const { t: ticket } = useTranslation("ticket");
  const format = useFormats();
  if (!clock) return <>–</>;
  if (clock.state === "running" && clock.due_at)
    return <>{ticket("effect.due", { at: format.instant(clock.due_at) })}</>;
  return <>{t(`clock.${clock.state}` as "clock.met", { defaultValue: clock.state })}</>;
}
