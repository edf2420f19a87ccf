import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";
import { RequiredSecondFactor } from "@/features/me/required-second-factor";

/** Where somebody is led whose role requires a second factor that they have not set up yet. */
export const Route = createFileRoute("/second-factor")({
  beforeLoad: async ({ context }) => {
    const me = await context.queries.ensureQueryData(meQuery);
    if (!me) throw redirect({ to: "/sign-in" });
  },
  component: RequiredSecondFactor,
});
