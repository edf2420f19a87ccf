// A table as wide as its content. Where the screen is narrow each row is a card, and each of its cells says what it is.
import { type ReactNode, useLayoutEffect, useRef } from "react";
import classes from "./wide.module.css";

export function Wide({ label, children }: { label: string; children: ReactNode }) {
  const frame = useRef<HTMLElement>(null);
  // Before the browser draws: a card whose cells were named afterwards would jump.
  useLayoutEffect(() => {
    for (const table of frame.current?.querySelectorAll("table") ?? []) nameCells(table);
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section ref={frame} className={classes.wide} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

/** Writes the head of its column on each cell, for the style to show. */
function nameCells(table: HTMLTableElement) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((head) =>
    [...head.querySelectorAll("span:not(:has(span))"), head]
      .map(({ textContent }) => textContent?.trim())
      .slice(0, head.querySelector("span") ? -1 : undefined)
      .join(" "),
  );
  for (const body of table.tBodies) {
    for (const row of body.rows) {
      for (const [column, cell] of [...row.cells].entries()) {
        const head = heads[column] ?? "";
        // To write what is there already would let the browser reckon its style anew.
        if (cell.dataset.head !== head) cell.dataset.head = head;
      }
    }
  }
}
