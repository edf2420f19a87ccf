import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";
import { SignIn } from "@/features/session/sign-in";
import { setUpQuery } from "@/features/set-up/steps";

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search: Record<string, unknown>): { to?: string } =>
    // Only a path of this site: an address elsewhere is no place to go on to.
    typeof search.to === "string" && /^\/(?![/\\])/.test(search.to) ? { to: search.to } : {},
  beforeLoad: async ({ context }) => {
    if (await context.queries.ensureQueryData(meQuery)) throw redirect({ to: "/" });
    // An older service, or one that is down, does not say: then one signs in, and is told there.
    const setUp = await context.queries.fetchQuery(setUpQuery).catch(() => undefined);
    if (setUp?.needed) throw redirect({ to: "/set-up" });
  },
  component: SignIn,
});
