// Where somebody meant to go before they were asked to sign in.

/** How long a link from a mail serves, in milliseconds. */
const SERVES = 30 * 60_000;

const KEPT = "mainstay-place";

/** A path of this site: an address elsewhere is no place to go on to. */
export function placeHere(to: unknown): string | undefined {
  return typeof to === "string" && /^\/(?![/\\])/.test(to) ? to : undefined;
}

/** Keeps the place while a link is on its way by mail: it opens in another tab, and knows nothing of it. */
export function keepPlace(to: string | undefined): void {
  if (to) localStorage.setItem(KEPT, JSON.stringify({ to, at: Date.now() }));
  else localStorage.removeItem(KEPT);
}

/** The place that was kept, as long as the link serves. */
export function keptPlace(): string | undefined {
  try {
    const { to, at } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return Date.now() - at < SERVES ? placeHere(to) : undefined;
  } catch {
    return undefined;
  }
}

/** What a customer sees in the place of a screen of those who serve: mails to both name a ticket by the same address. */
export function placeOfCustomer(path: string): string {
  const ticket = /^\/tickets\/([\w-]+)/.exec(path)?.[1];
  if (ticket === "new") return "/portal/new";
  return ticket ? `/portal/requests/${ticket}` : "/portal";
}
