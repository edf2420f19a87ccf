import { createFileRoute } from "@tanstack/react-router";
import { Escalations, escalationsSearch } from "@/features/escalations/escalations";

export const Route = createFileRoute("/_work/escalations/")({
  validateSearch: escalationsSearch,
  component: Escalations,
});
