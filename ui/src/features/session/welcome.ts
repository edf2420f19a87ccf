// What follows on a sign-in, whichever way it went.
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { ApiProblem } from "@/api/client";
import { bestLanguage, hasChosenLanguage, speak } from "@/app/i18n";
import { type Me, meQuery } from "@/app/session";

/** Whether a sign-in was refused only because it needs the code of a second factor. */
export function asksForCode(error: Error | null): boolean {
  return error instanceof ApiProblem && error.type.endsWith("/second-factor-required");
}

/** Whether a link from a mail serves no more. */
export function isSpent(error: Error | null): boolean {
  return error instanceof ApiProblem && error.status === 401 && !asksForCode(error);
}

/** Forgets what an earlier person read, speaks the language of this one, and goes where they meant to go. */
export function useWelcome(to?: string): (me: Me) => Promise<void> {
  const router = useRouter();
  const queries = useQueryClient();
  return async (me) => {
    queries.clear();
    queries.setQueryData(meQuery.queryKey, me);
    if (me.language && !hasChosenLanguage()) await speak(bestLanguage([me.language]));
    await router.navigate({ href: to ?? "/" });
  };
}
