import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery, owesSecondFactor } from "@/app/session";
import { keepTime } from "@/app/time";
import { brandingQuery } from "@/features/portal/branding";
import { PortalShell } from "@/features/portal/shell";

/** Every screen of the customers. */
export const Route = createFileRoute("/portal")({
  beforeLoad: async ({ context, location }) => {
    const [me] = await Promise.all([context.queries.ensureQueryData(meQuery), keepTime()]);
    if (!me) throw redirect({ to: "/sign-in", search: { to: location.href } });
    if (owesSecondFactor(me)) throw redirect({ to: "/second-factor" });
    if (me.kind !== "contact") throw redirect({ to: "/" });
  },
  loader: ({ context: { queries } }) => queries.ensureQueryData(brandingQuery),
  component: PortalShell,
});
