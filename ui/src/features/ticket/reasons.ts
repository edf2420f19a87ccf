// Why time counts, why a promise ended and why somebody was assigned, in the reader's language.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useRoleName } from "@/parts/role-name";

type Finding = Schemas["Finding"];

/** Says why a span of a ledger counts or not. */
export function useSpanReason(): (span: { why: Schemas["SpanReason"] }) => string {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  return ({ why }) => {
    switch (why.kind) {
      case "open":
      case "outside_hours":
        return t(`counts.${why.kind}`, { calendar: why.calendar });
      case "exception":
      case "break":
        return t(`counts.${why.kind}`, { calendar: why.calendar, date: format.date(why.date) });
      case "holiday": {
        const { calendar, name } = why;
        const date = format.date(why.date);
        return name ? t("counts.named_holiday", { calendar, date, name }) : t("counts.holiday", { calendar, date });
      }
      case "paused":
      case "done":
        return t(`counts.${why.kind}`);
      case "taken_over":
        return t("counts.taken_over", { number: why.number });
    }
  };
}

/** Says why a promise was cancelled. */
export function useCancellation(): (why: Schemas["Cancellation"]) => string {
  const { t } = useTranslation("ticket");
  return (why) =>
    why.kind === "merged" ? t("cancelledBecause.merged", { number: why.number }) : t(`cancelledBecause.${why.kind}`);
}

/** Says why rules chose an agent: by its parts, or, where an earlier version of the program wrote it down, as that version said it. */
export function useAssignmentReason(): (fact: {
  because?: Schemas["AssignmentReason"] | null;
  reason?: string | null;
}) => string | undefined {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const roleName = useRoleName();
  const found = ({ kind, value }: Finding) => {
    const said = kind === "account_role" ? roleName(value) : kind === "language" ? format.language(value) : value;
    return t(`assigned.found.${kind as "word"}`, { value: said });
  };
  const choice = (why: Schemas["AssignmentChoice"]) => {
    switch (why.kind) {
      case "owner":
        return t("assigned.owner");
      case "least_load":
        return t("assigned.least_load", {
          of: format.number(why.of),
          open: format.number(why.open),
          capacity: format.number(why.capacity),
        });
      case "turn": {
        const of = format.number(why.of);
        return why.last_assigned_at
          ? t("assigned.turn", { of, at: format.instant(why.last_assigned_at) })
          : t("assigned.first_turn", { of });
      }
    }
  };
  return ({ because, reason }) => {
    if (!because) return reason ?? undefined;
    const rules = because.rules.map((followed) =>
      followed.found.length > 0
        ? t("assigned.ruleFound", { rule: followed.rule, found: format.list(followed.found.map(found)) })
        : t("assigned.rule", { rule: followed.rule }),
    );
    const parts = [...rules, choice(because.choice)];
    if (because.skills.length > 0) parts.push(t("assigned.skills", { skills: format.list(because.skills) }));
    if (because.language) parts.push(t("assigned.language", { language: format.language(because.language) }));
    if (because.next_on) parts.push(t("assigned.next_on", { at: format.instant(because.next_on) }));
    return parts.join("; ");
  };
}
