import { createFileRoute } from "@tanstack/react-router";
import { Escalations } from "@/features/escalations/escalations";

export const Route = createFileRoute("/_work/escalations")({ component: Escalations });
