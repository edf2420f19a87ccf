import classes from "./admin.module.css";

const TONES: Record<string, string> = {
  delivered: "good",
  sent: "good",
  filed: "good",
  active: "good",
  in_force: "good",
  queued: "soon",
  sending: "soon",
  held: "soon",
  dead: "late",
  failed: "late",
  unreadable: "late",
  failing: "late",
};

/** How far something is: a word, and a colour that says the same. */
export function State({ state, word }: { state: string; word?: string }) {
  return (
    <span className={classes.state} data-tone={TONES[state] ?? "calm"}>
      {word ?? state.replaceAll("_", " ")}
    </span>
  );
}
