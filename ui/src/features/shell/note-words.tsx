// What somebody was told, in the language of the screen: it may be another than the one they are written to in.
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { ReasonWords } from "@/features/escalations/reason";
import { useCommitmentName } from "@/parts/clock";

type Note = Schemas["ShownNotification"];

/** What is to be known, in a line. Of a ticket that is gone, as it was said then. */
export function NoteTitle({ note }: { note: Note }) {
  const { t } = useTranslation("shell");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const { about, of } = note;
  if (!of) return note.title;
  switch (about.code) {
    case "escalation_step":
      return t("about.escalation_step", { ...of, step: about.name, count: Math.max(note.tickets, 1) });
    case "clock_warned":
    case "clock_missed":
      return t(`about.${about.code}`, {
        ...of,
        commitment: nameOf(about.commitment),
        at: format.instant(about.due_at),
      });
    case "mentioned":
      return t("about.mentioned", { ...of, by: about.by });
  }
}

/** More about it: of an escalation, of what ticket and why; of a mention, how the message begins. */
export function NoteDetail({ note }: { note: Note }) {
  const { of, reason } = note;
  if (!of || !reason) return note.detail;
  return (
    <>
      {of.subject}: <ReasonWords escalation={{ parts: reason, reason: note.detail }} />
    </>
  );
}
