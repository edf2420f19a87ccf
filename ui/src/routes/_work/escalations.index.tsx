import { createFileRoute } from "@tanstack/react-router";
import { escalationsSearch } from "@/features/escalations/address";
import { Escalations } from "@/features/escalations/escalations";

export const Route = createFileRoute("/_work/escalations/")({
  validateSearch: escalationsSearch,
  component: Escalations,
});
