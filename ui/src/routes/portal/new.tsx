import { createFileRoute } from "@tanstack/react-router";
import { NewRequest } from "@/features/portal/new-request";
import { serviceQuery } from "@/features/portal/queries";

export const Route = createFileRoute("/portal/new")({
  validateSearch: (search: Record<string, unknown>): { follows?: number } =>
    Number.isInteger(Number(search.follows)) && search.follows ? { follows: Number(search.follows) } : {},
  loader: ({ context: { queries } }) => queries.ensureQueryData(serviceQuery),
  component: NewRequest,
});
