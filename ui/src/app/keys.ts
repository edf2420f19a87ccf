// Every key that does something, in one table: it binds them, and the cheat sheet is drawn from it.
import { useEffect, useRef } from "react";

/** Keys by action, in the order of the cheat sheet. Several are said with a bar: each of them does it. */
export const KEYS = {
  everywhere: { help: "?", search: "/", undo: "z" },
  list: {
    next: "j|ArrowDown",
    previous: "k|ArrowUp",
    open: "o|Enter",
    mark: "x",
    markAll: "mod+a",
    clear: "Escape",
  },
  ticket: {
    reply: "r",
    note: "n",
    take: "m",
    assign: "a",
    team: "t",
    status: "s",
    severity: "p",
    category: "c",
    tags: "l",
    follow: "f",
    link: "L",
    merge: "M",
    split: "S",
    resolve: "e",
    close: "#",
    escalate: "!",
    back: "u",
  },
} as const;

export type KeyGroup = keyof typeof KEYS;
export type KeyAction = { [G in KeyGroup]: keyof (typeof KEYS)[G] }[KeyGroup];

const BY_ACTION = new Map<string, string>(Object.values(KEYS).flatMap((group) => Object.entries(group)));

/** The keys that do something, as they are written in the table. */
export function keysOf(action: KeyAction): string {
  return BY_ACTION.get(action) ?? "";
}

type Press = Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey">;

/** Whether a press of a key is one of those that are written, such as `j|ArrowDown` or `mod+a`. */
export function isPressed(written: string, press: Press): boolean {
  return written.split("|").some((each) => {
    const needsMod = each.startsWith("mod+");
    const hasMod = press.metaKey || press.ctrlKey;
    return needsMod === hasMod && !press.altKey && press.key === (needsMod ? each.slice(4) : each);
  });
}

/** Where keys are letters or move within: fields, open menus, dialogues. A link or button keeps its own Enter. */
function isElsewhere(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (
    at.isContentEditable ||
    at.closest("input:not([type=checkbox]), textarea, select, [aria-modal=true], [role=menu], [role=listbox]")
  ) {
    return true;
  }
  return event.key === "Enter" && at.closest("a, button, input, summary") !== null;
}

/** Binds actions to their keys for as long as the component is shown. */
export function useKeys(actions: Partial<Record<KeyAction, () => unknown>>): void {
  const now = useRef(actions);
  now.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isElsewhere(event)) return;
      for (const [action, act] of Object.entries(now.current)) {
        if (!isPressed(keysOf(action as KeyAction), event)) continue;
        event.preventDefault();
        act();
        return;
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
