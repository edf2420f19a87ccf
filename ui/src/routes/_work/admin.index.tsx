import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "@/app/session";
import { SECTIONS } from "@/features/admin/sections";

/** The first section that one may see. */
export const Route = createFileRoute("/_work/admin/")({
  beforeLoad: async ({ context }) => {
    const me = await context.queries.ensureQueryData(meQuery);
    const first = SECTIONS.find(({ permission }) => me?.permissions.includes(permission));
    throw redirect({ to: first?.to ?? "/my-day" });
  },
});
