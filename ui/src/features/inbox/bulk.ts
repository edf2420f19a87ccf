// What came of a change of many tickets, and what undoes it: pure.
import type { Schemas } from "@/api/client";

export type Outcome = Schemas["BulkOutcome"];
export type Undo = Schemas["BulkUndoInput"]["changes"];

/** What the service needs to undo what was done, ticket by ticket; nothing of a ticket that was so already. */
export function undoOf(outcomes: Outcome[]): Undo {
  return outcomes.flatMap(({ ticket, before, after }) =>
    ticket && typeof before === "number" && typeof after === "number" ? [{ ticket, before, after }] : [],
  );
}
