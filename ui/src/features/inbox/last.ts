// The view that was open last, so that the way back from a ticket leads there.
import type { InboxSearch } from "./views";

let last: InboxSearch = {};

/** Remembers what the inbox shows. */
export function rememberView(search: InboxSearch): void {
  last = search;
}

/** What the inbox showed last. */
export function lastView(): InboxSearch {
  return last;
}
