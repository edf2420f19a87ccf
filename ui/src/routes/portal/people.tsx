import { createFileRoute } from "@tanstack/react-router";
import { People } from "@/features/portal/people";
import { serviceQuery } from "@/features/portal/queries";

export const Route = createFileRoute("/portal/people")({
  loader: ({ context: { queries } }) => queries.ensureQueryData(serviceQuery),
  component: People,
});
