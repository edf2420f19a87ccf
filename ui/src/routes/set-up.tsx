import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";
import { SetUp } from "@/features/set-up/set-up";
import { setUpQuery } from "@/features/set-up/steps";

/** The first run: for whoever sets the program up, and for the administrator who goes on with it. */
export const Route = createFileRoute("/set-up")({
  beforeLoad: async ({ context }) => {
    const [me, { needed }] = await Promise.all([
      context.queries.ensureQueryData(meQuery),
      context.queries.fetchQuery(setUpQuery),
    ]);
    if (!me && !needed) throw redirect({ to: "/sign-in" });
    if (me && !me.permissions.includes("settings.update")) throw redirect({ to: "/" });
  },
  component: SetUp,
});
