// A ladder, drawn with each step: when it was taken and whom it told, what comes next, and what is still to come.
import { Text, Timeline, Title } from "@mantine/core";
import { IconBell, IconCircleDashed, IconHourglass } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { usePolicy } from "@/features/policy/policy";
import { Countdown } from "@/parts/clock";
import { Name } from "@/parts/name";
import classes from "./escalations.module.css";
import type { EscalationRecord } from "./queries";
import { laddersOf, type Rung, rungs } from "./rungs";

export function LadderCard({ escalation }: { escalation: EscalationRecord }) {
  const { t } = useTranslation("escalations");
  const policy = usePolicy();
  return (
    <section className={classes.card} aria-label={t("ladder")}>
      {laddersOf(escalation.ladder, escalation.events).map((name) => {
        const ladder = policy?.escalation.find((each) => each.name === name);
        return (
          <div key={name}>
            <Title order={2} mb={4}>
              {t("ladderOf", { name })}
            </Title>
            {ladder && (
              <>
                <Text size="sm" c="dimmed" mb="md">
                  {ladder.description}
                </Text>
                <Timeline bulletSize={24} lineWidth={2} mb="md">
                  {rungs(ladder, escalation.events, escalation.next).map((rung, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a ladder never move.
                    <Timeline.Item key={index} bullet={<Sign rung={rung} />} title={rung.step.name}>
                      <Step rung={rung} nextAt={escalation.next?.at} />
                    </Timeline.Item>
                  ))}
                </Timeline>
              </>
            )}
          </div>
        );
      })}
    </section>
  );
}

function Sign({ rung }: { rung: Rung }) {
  if (rung.takenAt) return <IconBell size={14} aria-hidden className={classes.taken} />;
  if (rung.isNext) return <IconHourglass size={14} aria-hidden className={classes.next} />;
  return <IconCircleDashed size={14} aria-hidden />;
}

function Step({ rung, nextAt }: { rung: Rung; nextAt: string | undefined }) {
  const { t } = useTranslation("escalations");
  const format = useFormats();
  const { after } = rung.step;
  return (
    <>
      <Text size="xs" c="dimmed">
        {t("level", { level: rung.step.level })} ·{" "}
        {after.after_seconds
          ? t("after", {
              span: format.span(after.after_seconds, "long"),
              when: t(`when.${after.when}` as "when.at_once", { defaultValue: after.when }),
              calendar: after.calendar,
            })
          : t(`when.${after.when}` as "when.at_once", { defaultValue: after.when })}
      </Text>
      {rung.takenAt && <Text size="sm">{t("takenAt", { at: format.instant(rung.takenAt) })}</Text>}
      {rung.told.length > 0 && (
        <Text size="sm">
          {t("told")}{" "}
          {rung.told.map((agent, index) => (
            <span key={agent}>
              {index > 0 && ", "}
              <Name id={agent} />
            </span>
          ))}
        </Text>
      )}
      {rung.foundNobody && (
        <Text size="sm" className={classes.nobody}>
          {t("foundNobody")}
        </Text>
      )}
      {rung.isNext && nextAt && <Countdown at={nextAt} commitment={rung.step.name} />}
    </>
  );
}
