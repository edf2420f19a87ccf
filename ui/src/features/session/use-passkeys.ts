// Signing in by a passkey: by a button, and among what the browser fills in.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { api, data } from "@/api/client";
import { type Me, passkeysQuery } from "@/app/session";
import { type Answer, askForPasskey, fillsInPasskeys, knowsPasskeys } from "./webauthn";

/** A challenge is renewed before it ends, however long the page lies open. */
const RENEWED_AFTER = 4 * 60_000;

/** Whether passkeys can be used here: by this browser, at this address. */
export function usePasskeysHere(): boolean {
  const here = useQuery(passkeysQuery);
  return knowsPasskeys() && here.data === true;
}

/** Signs in by a passkey. */
export function usePasskeySignIn(onDone: (me: Me) => Promise<void>) {
  return useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (answer: Answer) => data(api.POST("/api/v1/passkeys/session", { body: { credential: answer } })),
    onSuccess: onDone,
  });
}

/**
 * Lets the browser offer passkeys in the field that fills in `webauthn`. The way to ask in person takes the offer back
 * meanwhile, because a browser asks one thing at a time.
 */
export function useOfferedPasskeys(enabled: boolean, onAnswer: (answer: Answer) => void) {
  const offer = useRef<AbortController>(undefined);
  const take = useRef(onAnswer);
  take.current = onAnswer;

  const begin = useCallback(async () => {
    offer.current?.abort();
    const mine = new AbortController();
    offer.current = mine;
    if (!(await fillsInPasskeys()) || mine.signal.aborted) return;
    // What is offered unasked fails unseen: the button says what is wrong.
    const answer = await askForPasskey({ mediation: "conditional", signal: mine.signal }).catch(() => null);
    if (answer && offer.current === mine) take.current(answer);
  }, []);

  useEffect(() => {
    if (!enabled) return;
    void begin();
    const renewal = setInterval(() => void begin(), RENEWED_AFTER);
    return () => {
      clearInterval(renewal);
      offer.current?.abort();
    };
  }, [enabled, begin]);

  return useCallback(async () => {
    offer.current?.abort();
    const answer = await askForPasskey();
    if (!answer && enabled) void begin();
    return answer;
  }, [enabled, begin]);
}
