import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery, owesSecondFactor } from "@/app/session";
import { keepTime } from "@/app/time";
import { placeOfCustomer } from "@/features/session/place";
import { Shell } from "@/features/shell/shell";

/** Every screen of those who serve. */
export const Route = createFileRoute("/_work")({
  beforeLoad: async ({ context, location }) => {
    const [me] = await Promise.all([context.queries.ensureQueryData(meQuery), keepTime()]);
    if (!me) throw redirect({ to: "/sign-in", search: { to: location.href } });
    if (owesSecondFactor(me)) throw redirect({ to: "/second-factor" });
    if (me.kind === "contact") throw redirect({ href: placeOfCustomer(location.pathname) });
  },
  component: Shell,
});
