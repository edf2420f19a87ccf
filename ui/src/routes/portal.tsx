import { createFileRoute, Outlet, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";

/** Every screen of the customers. */
export const Route = createFileRoute("/portal")({
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.ensureQueryData(meQuery);
    if (!me) throw redirect({ to: "/sign-in", search: { to: location.href } });
    if (me.kind !== "contact") throw redirect({ to: "/" });
  },
  component: Outlet,
});
