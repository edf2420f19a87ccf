// What happens next on a request, in the customer's words.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useAsTimePasses } from "@/app/time";
import type { Ticket } from "@/features/ticket/queries";

/** Who moves next, and whether they are late. */
export type Next = "closed" | "solved" | "yours" | "waiting" | "due" | "overdue";

/** What happens next on a request at an instant, in milliseconds. */
export function nextOf(ticket: Pick<Ticket, "status_kind" | "next_due">, now: number): Next {
  if (ticket.status_kind === "closed") return "closed";
  if (ticket.status_kind === "resolved") return "solved";
  if (ticket.status_kind === "pending_customer") return "yours";
  if (!ticket.next_due) return "waiting";
  return Date.parse(ticket.next_due.at) < now ? "overdue" : "due";
}

const TONES = { closed: "calm", solved: "good", yours: "soon", waiting: "calm", due: "calm", overdue: "late" } as const;

/** What happens next, in words and with the tone of their colour. */
export function useNext(ticket: Ticket): { words: string; tone: (typeof TONES)[Next] } {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const next = useAsTimePasses((now) => nextOf(ticket, now));
  const at = ticket.next_due ? format.instant(ticket.next_due.at, "moment") : "";
  return { words: t(`next.${next}`, { at }), tone: TONES[next] };
}
