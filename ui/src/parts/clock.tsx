// A clock as a person reads it: how much is left in words, with a sign and a colour that say the same.
import { IconAlertTriangle, IconCheck, IconClock, IconHourglassLow, IconPlayerPause, IconX } from "@tabler/icons-react";
import { useContext } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useAsTimePasses } from "@/app/time";
import classes from "./clock.module.css";
import { Hint } from "./hint";
import { CommitmentTitles, titleIn } from "./titles";

/** How pressing a clock is. */
export type Tone = "calm" | "soon" | "late" | "good";

/** Under an hour, or under a quarter of the target where that is known, is soon. All in seconds. */
export function toneOf(left: number, target?: number): Tone {
  if (left < 0) return "late";
  return left < (target ? Math.min(target / 4, 4 * 3600) : 3600) ? "soon" : "calm";
}

const SIGNS = { calm: IconClock, soon: IconHourglassLow, late: IconAlertTriangle, good: IconCheck };

/** The name of a commitment: as the policy calls it in the reader's language, else in our own words, else as it is written. */
export function useCommitmentName(): (commitment: string) => string {
  const { t, i18n } = useTranslation();
  const titles = useContext(CommitmentTitles);
  return (commitment) =>
    titleIn(titles.get(commitment), i18n.language) ??
    (i18n.exists(`commitment.${commitment}`)
      ? t(`commitment.${commitment}` as "commitment.update")
      : capital(commitment.replaceAll("_", " ")));
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** Counts down to an instant. */
export function Countdown({ at, commitment, target }: { at: string; commitment: string; target?: number | undefined }) {
  const { t } = useTranslation();
  const format = useFormats();
  const nameOf = useCommitmentName();
  const due = Date.parse(at);
  const tone = useAsTimePasses((now) => toneOf((due - now) / 1000, target));
  const words = useAsTimePasses((now) =>
    t(due < now ? "clock.over" : "clock.left", { span: format.span((due - now) / 1000) }),
  );
  const Sign = SIGNS[tone];
  return (
    <Hint say={() => t("clock.due", { commitment: nameOf(commitment), at: format.instant(at, "exact") })}>
      {(hinted) => (
        <span {...hinted} className={classes.chip} data-tone={tone}>
          <Sign size={14} aria-hidden />
          {words}
        </span>
      )}
    </Hint>
  );
}

const ENDS = {
  paused: { tone: "calm", Sign: IconPlayerPause },
  met: { tone: "good", Sign: IconCheck },
  missed: { tone: "late", Sign: IconAlertTriangle },
  cancelled: { tone: "calm", Sign: IconX },
} as const;

/** The state of a clock that does not run. */
export function ClockState({ state }: { state: keyof typeof ENDS }) {
  const { t } = useTranslation();
  const { tone, Sign } = ENDS[state];
  return (
    <span className={classes.chip} data-tone={tone}>
      <Sign size={14} aria-hidden />
      {t(`clock.${state}`)}
    </span>
  );
}
