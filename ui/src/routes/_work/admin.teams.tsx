import { createFileRoute } from "@tanstack/react-router";
import { Teams } from "@/features/admin/teams";

export const Route = createFileRoute("/_work/admin/teams")({ component: Teams });
