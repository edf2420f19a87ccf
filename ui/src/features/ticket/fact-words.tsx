// What happened to a ticket, in the reader's language.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useName } from "@/features/directory/names";
import { useCommitmentName } from "@/parts/clock";
import { useAssignmentReason } from "./reasons";

type Fact = Schemas["Fact"];

/** Whose name a fact needs. */
function namedBy(fact: Fact): string | null | undefined {
  switch (fact.kind) {
    case "account_changed":
    case "team_changed":
    case "assignee_changed":
    case "contact_changed":
      return fact.to;
    case "follower_added":
    case "follower_removed":
      return fact.agent;
    default:
      return undefined;
  }
}

export function FactWords({ fact }: { fact: Fact }) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const format = useFormats();
  const nameOf = useCommitmentName();
  const assignmentReason = useAssignmentReason();
  const name = useName(namedBy(fact)) ?? "…";
  const status = (named: string) => common(`status.${named}` as "status.new", { defaultValue: named });
  const severity = (named: string) => `${named} ${common(`severity.${named}` as "severity.P1")}`;
  /** With what it is now, or without, where it is nothing now. */
  const changed = (what: "account" | "team" | "assignee" | "contact" | "category" | "tier", to?: string | null) =>
    to ? t(`fact.${what}.set`, { to }) : t(`fact.${what}.cleared`);
  switch (fact.kind) {
    case "opened":
      return t("fact.opened", {
        channel: t(`fact.channel.${fact.channel as "email"}`),
        severity: severity(fact.severity),
      });
    case "message_added": {
      if (fact.visibility === "internal") return t("fact.message.note");
      const said = fact.origin === "person" ? fact.side : fact.origin;
      return t(`fact.message.${said as "agent"}`);
    }
    case "status_changed":
      return t("fact.status", { from: status(fact.from), to: status(fact.to) });
    case "severity_changed": {
      const words = t("fact.severity", { from: severity(fact.from), to: severity(fact.to) });
      return fact.reason ? `${words}: ${fact.reason}` : words;
    }
    case "category_changed":
      return changed("category", fact.to);
    case "account_changed":
      return changed("account", fact.to && name);
    case "team_changed":
      return changed("team", fact.to && name);
    case "assignee_changed": {
      const words = changed("assignee", fact.to && name);
      const reason = assignmentReason(fact);
      return reason ? `${words}: ${reason}` : words;
    }
    case "contact_changed":
      return changed("contact", fact.to && name);
    case "terms_changed":
      return changed("tier", fact.tier);
    case "tags_added":
    case "tags_removed":
      return t(`fact.${fact.kind}`, { tags: format.list(fact.tags), count: fact.tags.length });
    case "subject_changed":
      return t("fact.subject", { to: fact.to });
    case "field_changed":
      return fact.to
        ? t("fact.field.set", { field: fact.field, to: fact.to })
        : t("fact.field.cleared", { field: fact.field });
    case "follower_added":
    case "follower_removed":
      return t(`fact.${fact.kind}`, { name });
    case "linked":
      return t("fact.linked", {
        relation: t(`relation.${fact.relation as "relates_to"}`, { defaultValue: fact.relation }),
      });
    case "unlinked":
      return t("fact.unlinked");
    case "merged_into":
    case "merged_from":
    case "split_from":
    case "split_into":
      return t(`fact.${fact.kind}`, { number: fact.number });
    case "rated": {
      const words = t("fact.rated", { score: t(`rating.${fact.score as "good"}`) });
      return fact.comment ? `${words}: ${fact.comment}` : words;
    }
    case "escalation_raised":
      return t("fact.escalation_raised", { ladder: fact.ladder });
    case "change_undone":
    case "escalation_acknowledged":
    case "escalation_resolved":
      return t(`fact.${fact.kind}`);
    case "clock_warned":
    case "clock_missed":
      return t(`fact.${fact.kind}`, { commitment: nameOf(fact.commitment), at: format.instant(fact.due_at) });
    case "clock_corrected":
      return t("fact.clock_corrected", { commitment: nameOf(fact.commitment) });
  }
}
