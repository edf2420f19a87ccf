import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";

/** The start: each person's own. */
export const Route = createFileRoute("/")({
  beforeLoad: async ({ context }) => {
    const me = await context.queries.ensureQueryData(meQuery);
    if (!me) throw redirect({ to: "/sign-in" });
    throw redirect({ to: me.kind === "contact" ? "/portal" : "/my-day" });
  },
});
