// Sending what is written. A public reply leaves after a moment in which it can be held back: the service holds it, or, when
// files go with it, the browser does, and sends it at once when the page is left.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { rereadTicket } from "@/app/stale";
import { serviceNow } from "@/app/time";
import { draftQuery, keepDraft, type Written } from "./draft";

/** How long a public reply can be held back, in seconds. */
const HOLD = 10;

interface Outgoing {
  written: Written;
  files: string[];
  status?: string | undefined;
}

interface Held extends Outgoing {
  leavesAt: number;
  key: { "idempotency-key": string };
}

const post = (ticket: string, { written, files, status }: Outgoing, headers = onceKey(), keepalive = false) =>
  data(
    api.POST("/api/v1/tickets/{id}/messages", {
      params: { path: { id: ticket } },
      headers,
      keepalive,
      body: { ...written, attachments: files, ...(status ? { status } : {}) },
    }),
  );

/** Forgets what the service keeps of a draft that was said. Where that fails the message is said all the same. */
const dropDraft = (ticket: string) =>
  api.DELETE("/api/v1/tickets/{id}/draft", { params: { path: { id: ticket } } }).catch(() => undefined);

interface Told {
  /** What was written is on its way or said. */
  onLeft: () => void;
  /** What was held by the browser is a draft again, with its files; and why, when it could not be sent. */
  onBack: (written: Written, refused?: Error) => void;
  /** These files are said: they went with a message. */
  onSent: (files: string[]) => void;
}

export function useSending(ticket: string, kept: Schemas["Draft"] | null | undefined, told: Told) {
  const { onLeft, onBack, onSent } = told;
  const queries = useQueryClient();
  const [held, setHeld] = useState<Held>();
  const holding = useRef<Held>(undefined);
  holding.current = held;
  /** What the browser held and is sending, until the service has it. */
  const leaving = useRef<Held>(undefined);
  const reread = () => queries.invalidateQueries({ queryKey: ["tickets"] });
  const setDraft = (draft: Schemas["Draft"] | null) => queries.setQueryData(draftQuery(ticket).queryKey, draft);

  const send = useMutation({
    mutationFn: async (outgoing: Outgoing) => {
      if (outgoing.written.visibility === "internal") {
        await post(ticket, outgoing);
        await dropDraft(ticket);
        setDraft(null);
        onSent(outgoing.files);
      } else if (outgoing.files.length > 0) {
        setHeld({ ...outgoing, leavesAt: serviceNow() + HOLD * 1000, key: onceKey() });
      } else {
        await keepDraft(ticket, outgoing.written, outgoing.status);
        setDraft(
          await data(
            api.POST("/api/v1/tickets/{id}/draft/send", {
              params: { path: { id: ticket } },
              headers: onceKey(),
              body: { after_seconds: HOLD },
            }),
          ),
        );
      }
    },
    onSuccess: (_nothing, { written }) => {
      onLeft();
      if (written.visibility === "internal") void reread();
    },
  });

  const holdBack = useMutation({
    mutationFn: async () => {
      if (holding.current && leaving.current === holding.current) return;
      if (holding.current) {
        onBack(holding.current.written);
        setHeld(undefined);
      } else {
        setDraft(await data(api.DELETE("/api/v1/tickets/{id}/draft/send", { params: { path: { id: ticket } } })));
      }
    },
    onError: reread,
  });

  // What the browser holds leaves by itself, and at once when the page or the ticket is left.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is held decides; the rest is the same each time.
  useEffect(() => {
    if (!held) return;
    const leave = () => {
      if (holding.current !== held || leaving.current === held) return;
      leaving.current = held;
      post(ticket, held, held.key, true)
        .then(
          async () => {
            onSent(held.files);
            await dropDraft(ticket);
            setDraft(null);
          },
          (error: Error) => onBack(held.written, error),
        )
        .finally(() => {
          setHeld((now) => (now === held ? undefined : now));
          void reread();
        });
    };
    const timer = setTimeout(leave, HOLD * 1000);
    window.addEventListener("pagehide", leave);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [held]);

  // What the service holds has left when its draft is gone: asked for as soon as it should be.
  const leavesAt = kept?.leaves_at ? Date.parse(kept.leaves_at) : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the instant matters.
  useEffect(() => {
    if (leavesAt === undefined) return;
    const timer = setInterval(() => {
      if (serviceNow() >= leavesAt) void rereadTicket(queries, ticket);
    }, 1000);
    return () => clearInterval(timer);
  }, [leavesAt]);

  const outgoing = held
    ? { at: held.leavesAt, text: held.written.text }
    : leavesAt !== undefined && kept
      ? { at: leavesAt, text: kept.text }
      : undefined;
  return { send, holdBack, outgoing };
}
