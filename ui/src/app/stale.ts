// What a change makes untrue of what was read, and when it is read again: what the change names at once, lists in turns.
import type { Query, QueryClient, QueryKey } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";

type Change = Pick<Schemas["Change"], "kind" | "ticket" | "account" | "subject">;

/** What was read is read again at once where a change names it; in the next turn of the lists where it may have entered or left. */
export type Urgency = "now" | "soon";

/** How long changes are gathered before anything is read again, in milliseconds: a storm of them is one reading. */
const GATHER = 250;

/** The least time between two readings of the lists, in milliseconds. */
const PAUSE = 1000;

/** As many times as a reading of the lists took, they rest after it: the slower the service, the less it is asked. */
const REST = 10;

/** The second word of the keys under `tickets` that are of one ticket, which the third names. All others are of lists. */
const OF_ONE = new Set(["one", "messages", "clocks", "history", "explanation", "draft", "split", "merge", "macro"]);

const IS_ID = /^[0-9a-f]{8}-/;

/** Who looks, and which ticket a key names. */
interface Known {
  me: string | undefined;
  /** The identifier of the ticket that a number or identifier names, where it is known. */
  idOf: (name: string) => string | undefined;
}

/** How soon what was read under a key must be read again after a change; not at all when nothing is said. */
export function urgency(change: Change, key: QueryKey, { me, idOf }: Known): Urgency | undefined {
  const [noun, part, name] = key as (string | undefined)[];
  const changed = change.kind.split(".")[0];
  if (change.kind === "ticket.presence") {
    // Who is there is no change of the ticket, and of oneself one knows it.
    return noun === "presence" && part === change.ticket && change.subject !== me ? "now" : undefined;
  }
  if (changed === "notification") {
    const isMine = !me || !change.subject || change.subject === me;
    return noun === "notifications" && isMine ? "now" : undefined;
  }
  if (noun === "tickets" && change.ticket) {
    if (!OF_ONE.has(part ?? "")) return "soon";
    const id = idOf(name ?? "");
    return id === undefined || id === change.ticket ? "now" : undefined;
  }
  if (noun === "account" && change.account) return part === change.account ? "soon" : undefined;
  if (noun === "escalations" && changed === "escalation") {
    if (part === "one") return name === change.subject ? "now" : undefined;
    // One escalation may be of several tickets.
    return part === "of" ? "now" : "soon";
  }
  return noun === changed || noun === `${changed}s` ? "soon" : undefined;
}

/** What the cache knows that tells whether a change concerns what it keeps. */
function knownTo(queries: QueryClient): Known {
  return {
    me: queries.getQueryData<{ id?: string | null } | null>(["me"])?.id ?? undefined,
    idOf: (name) => (IS_ID.test(name) ? name : queries.getQueryData<{ id: string }>(["tickets", "one", name])?.id),
  };
}

/** Reads again all that is of one ticket, and no list. */
export function rereadTicket(queries: QueryClient, ticket: string): Promise<void> {
  const known = knownTo(queries);
  const change = { kind: "ticket.changed", ticket };
  return queries.invalidateQueries({ predicate: ({ queryKey }) => urgency(change, queryKey, known) === "now" });
}

/** Takes changes as they are heard, and keeps what is on the screen true. What is not on it is read when it is shown again. */
export function keepTrue(queries: QueryClient): { hear: (change: Change) => void; stop: () => void } {
  let heard = new Map<string, Change>();
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let isReading = false;
  let isStopped = false;
  const lists = new Set<Query>();

  const readLists = async () => {
    if (isReading || resting !== undefined || lists.size === 0 || document.hidden) return;
    isReading = true;
    const due = new Set(lists);
    lists.clear();
    const began = performance.now();
    await queries.refetchQueries({ type: "active", predicate: (query) => due.has(query) });
    isReading = false;
    if (isStopped) return;
    resting = setTimeout(
      () => {
        resting = undefined;
        void readLists();
      },
      Math.max(PAUSE, REST * (performance.now() - began)),
    );
  };
  const flush = () => {
    gathering = undefined;
    const changes = [...heard.values()];
    heard = new Map();
    const known = knownTo(queries);
    const named = new Set<Query>();
    for (const query of queries.getQueryCache().getAll()) {
      const when = new Set(changes.map((change) => urgency(change, query.queryKey, known)));
      if (when.has("now")) named.add(query);
      else if (when.has("soon")) lists.add(query);
    }
    void queries.invalidateQueries({ predicate: (query) => named.has(query) });
    void queries.invalidateQueries({ predicate: (query) => lists.has(query), refetchType: "none" });
    void readLists();
  };
  // Nobody sees what is behind another tab.
  const show = () => void readLists();
  document.addEventListener("visibilitychange", show);
  return {
    hear: (change) => {
      const { kind, ticket, account, subject } = change;
      heard.set(JSON.stringify([kind, ticket, account, subject]), change);
      gathering ??= setTimeout(flush, GATHER);
    },
    stop: () => {
      isStopped = true;
      clearTimeout(gathering);
      clearTimeout(resting);
      document.removeEventListener("visibilitychange", show);
    },
  };
}
