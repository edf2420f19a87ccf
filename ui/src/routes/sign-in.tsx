import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";
import { placeHere } from "@/features/session/place";
import { SignIn } from "@/features/session/sign-in";
import { setUpQuery } from "@/features/set-up/steps";

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search: Record<string, unknown>): { to?: string } => {
    const to = placeHere(search.to);
    return to ? { to } : {};
  },
  beforeLoad: async ({ context, search }) => {
    if (await context.queries.ensureQueryData(meQuery)) throw redirect({ href: search.to ?? "/" });
    // An older service, or one that is down, does not say: then one signs in, and is told there.
    const setUp = await context.queries.fetchQuery(setUpQuery).catch(() => undefined);
    if (setUp?.needed) throw redirect({ to: "/set-up" });
  },
  component: SignIn,
});
