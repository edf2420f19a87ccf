// What was promised on this ticket, how it stands, and why each deadline is what it is.
import { Button, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useSuspenseQuery } from "@tanstack/react-query";
import { lazy } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { Apart } from "@/parts/apart";
import { ClockState, Countdown, type Tone, toneOf, useCommitmentName } from "@/parts/clock";
import { Dialog } from "@/parts/dialog";
import { LoadingRows } from "@/parts/states";
import { cyclesOf } from "./cycles";
import { type Clock, clocksQuery } from "./queries";
import classes from "./ticket.module.css";

const Ledger = lazy(() => import("./ledger"));

export function Clocks({ id }: { id: string }) {
  const { t } = useTranslation("ticket");
  const { data } = useSuspenseQuery(clocksQuery(id));
  const [showsPast, { toggle }] = useDisclosure(false);
  const { current, past } = cyclesOf(data.items);
  return (
    <section className={classes.card} aria-label={t("clocks")}>
      <Title order={2} className={classes.cardTitle ?? ""}>
        {t("clocks")}
      </Title>
      {data.items.length === 0 && (
        <Text c="dimmed" size="sm">
          {t("noClocks")}
        </Text>
      )}
      <Stack gap="sm">
        {[...current, ...(showsPast ? past : [])].map((clock) => (
          <OneClock key={`${clock.commitment}-${clock.cycle}`} id={id} clock={clock} />
        ))}
      </Stack>
      {past.length > 0 && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          mt="xs"
          ml={-7}
          aria-expanded={showsPast}
          onClick={toggle}
        >
          {t(showsPast ? "foldCycles" : "pastCycles", { count: past.length })}
        </Button>
      )}
    </section>
  );
}

/** The tone of the bar: that of the outcome where there is one. */
function toneOfClock(clock: Clock, target: number): Tone {
  if (clock.state === "met") return "good";
  if (clock.state === "missed") return "late";
  return clock.state === "running" ? toneOf(target - clock.used_seconds, target) : "calm";
}

function OneClock({ id, clock }: { id: string; clock: Clock }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const [isOpen, { open, close }] = useDisclosure(false);
  const name = nameOf(clock.commitment);
  const target = clock.terms?.target_seconds;
  return (
    <div>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" fw={550}>
          {name}
        </Text>
        {clock.state === "running" && clock.due_at ? (
          <Countdown at={clock.due_at} commitment={clock.commitment} target={target} />
        ) : (
          clock.state !== "running" && <ClockState state={clock.state as "met"} />
        )}
      </Group>
      {target !== undefined && (
        <Progress
          mt={6}
          size={4}
          value={Math.min(100, (clock.used_seconds / target) * 100)}
          color={`var(--ms-${toneOfClock(clock, target)})`}
          aria-label={t("used", { name })}
        />
      )}
      <Group justify="space-between" gap="xs" mt={2}>
        <Text size="xs" c="dimmed">
          {target !== undefined && t("target", { target: format.span(target), calendar: clock.terms?.calendar })}
        </Text>
        <Button size="compact-xs" variant="subtle" mr={-7} onClick={open}>
          {t("why")}
        </Button>
      </Group>
      <Dialog opened={isOpen} onClose={close} size="xl" title={t("whyTitle", { name })}>
        <Apart meanwhile={<LoadingRows />}>
          <Ledger id={id} commitment={clock.commitment} cycle={clock.cycle} />
        </Apart>
      </Dialog>
    </div>
  );
}
