// How promises were kept, as a share, a word for screen readers and a colour.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import classes from "./accounts.module.css";
import { shareKept } from "./terms";

/** How good a share is: under nine in ten is late, under 98 in a hundred soon is. */
function toneOf(share: number): string {
  return share < 0.9 ? "late" : share < 0.98 ? "soon" : "good";
}

export function Kept({ kept }: { kept: { met: number; missed: number } }) {
  const { t } = useTranslation("accounts");
  const format = useFormats();
  const share = shareKept(kept);
  if (share === undefined) return <span className={classes.kept}>–</span>;
  return (
    <span className={classes.kept} data-tone={toneOf(share)}>
      <strong>{format.percent(share, 1)}</strong>
      <span className={classes.keptWords}>{t("missed", { count: kept.missed })}</span>
    </span>
  );
}
