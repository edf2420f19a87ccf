// Why an escalation was raised, in the reader's language.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useCommitmentName } from "@/parts/clock";

type Reason = Schemas["EscalationReason"];

/** Says a reason by its parts; one that an earlier version of the program raised, as that version said it. */
export function ReasonWords({
  escalation: { parts, reason },
}: {
  escalation: { parts?: Reason | null; reason: string };
}) {
  return <>{parts ? <Parts parts={parts} /> : reason}</>;
}

function Parts({ parts }: { parts: Reason }) {
  const { t } = useTranslation("escalations");
  const { t: common } = useTranslation();
  const format = useFormats();
  const nameOf = useCommitmentName();
  switch (parts.code) {
    case "clock_warned":
    case "clock_missed":
      return t(`why.${parts.code}`, { commitment: nameOf(parts.commitment), at: format.instant(parts.due_at) });
    case "severity_is":
      return t("why.severity_is", { severity: common(`severity.${parts.severity}` as "severity.P1") });
    case "sign_shown": {
      const sign = t(`why.sign.${parts.sign as "words"}`, { value: parts.value });
      return `${t(`why.alarm.${parts.alarm as "data_loss"}`)}: ${sign}`;
    }
    case "unresolved":
      return t("why.unresolved", { span: format.span(parts.after_seconds, "long") });
    case "accounts_affected":
      return t("why.accounts_affected", {
        count: parts.accounts,
        span: format.span(parts.within_seconds, "long"),
        same: t(`why.same.${parts.same as "tag"}`, { value: parts.value }),
      });
    case "manual": {
      const reason = t(`why.manual.${parts.reason as "legal"}`);
      return parts.note ? `${reason}: ${parts.note}` : reason;
    }
  }
}
