import { createFileRoute } from "@tanstack/react-router";
import { Promises } from "@/features/portal/promises";
import { serviceQuery } from "@/features/portal/queries";

export const Route = createFileRoute("/portal/promises")({
  loader: ({ context: { queries } }) => queries.ensureQueryData(serviceQuery),
  component: Promises,
});
