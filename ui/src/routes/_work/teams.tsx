import { createFileRoute } from "@tanstack/react-router";
import { Teams } from "@/features/teams/teams";

export const Route = createFileRoute("/_work/teams")({ component: Teams });
