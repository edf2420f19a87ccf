// The promises that run on a request, in plain words.
import { Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useNow } from "@/app/time";
import { type Clock, clocksQuery } from "@/features/ticket/queries";
import { useCommitmentName } from "@/parts/clock";
import { FailedPart } from "@/parts/states";
import classes from "./portal.module.css";

export function OpenClocks({ id }: { id: string }) {
  const { t } = useTranslation("portal");
  const clocks = useQuery(clocksQuery(id));
  // Of a promise that was made several times, the latest is what matters.
  const latest = new Map((clocks.data?.items ?? []).map((clock) => [clock.commitment, clock]));
  if (latest.size === 0 && !clocks.isLoadingError) return null;
  return (
    <section className={classes.card}>
      <Title order={2}>{t("clocks.title")}</Title>
      <FailedPart query={clocks} />
      <ul className={classes.plain}>
        {[...latest.values()].map((clock) => (
          <OneClock key={clock.commitment} clock={clock} />
        ))}
      </ul>
    </section>
  );
}

function OneClock({ clock }: { clock: Clock }) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const now = useNow();
  const due = clock.due_at ? Date.parse(clock.due_at) : undefined;
  const state = clock.state === "running" && due !== undefined && due < now ? "late" : clock.state;
  return (
    <li>
      <Text span fw={550}>
        {nameOf(clock.commitment)}
      </Text>
      <Text size="sm" c="dimmed">
        {t(`clocks.${state}` as "clocks.running", {
          at: clock.due_at ? format.instant(clock.due_at, "moment") : "",
          span: due === undefined ? "" : format.span((due - now) / 1000, "long"),
        })}
      </Text>
    </li>
  );
}
