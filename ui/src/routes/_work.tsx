import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";
import { Shell } from "@/features/shell/shell";

/** Every screen of those who serve. */
export const Route = createFileRoute("/_work")({
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.ensureQueryData(meQuery);
    if (!me) throw redirect({ to: "/sign-in", search: { to: location.href } });
    if (me.kind === "contact") throw redirect({ to: "/portal" });
  },
  component: Shell,
});
