// Severity and status: a shape, a word and a colour, so that none of them alone must be seen.
import { useTranslation } from "react-i18next";
import classes from "./severity.module.css";

const BARS: Record<string, number> = { P1: 4, P2: 3, P3: 2, P4: 1 };

/** The severity as bars, such as `P1` with four. `short` leaves the word to screen readers. */
export function Severity({ severity, short = false }: { severity: string; short?: boolean }) {
  const { t } = useTranslation();
  const word = t(`severity.${severity}` as "severity.P1", { defaultValue: severity });
  return (
    <span className={classes.severity} data-severity={severity}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        {[0, 1, 2, 3].map((bar) => (
          <rect
            key={bar}
            x={bar * 3.6}
            y={10 - bar * 3}
            width="2.6"
            height={4 + bar * 3}
            rx="0.8"
            className={bar < (BARS[severity] ?? 0) ? classes.filled : classes.hollow}
          />
        ))}
      </svg>
      <span>{severity}</span>
      {short ? <span className="unseen">{word}</span> : <span>{word}</span>}
    </span>
  );
}

/** The status, as the pack names it; the kinds that every pack has are said in the reader's language. */
export function Status({ status, kind }: { status: string; kind: string }) {
  const { t, i18n } = useTranslation();
  const known = status === kind && i18n.exists(`status.${kind}`, { ns: "common" });
  return (
    <span className={classes.status} data-kind={kind}>
      {known ? t(`status.${kind}` as "status.open") : status}
    </span>
  );
}
