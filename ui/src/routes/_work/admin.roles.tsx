import { createFileRoute } from "@tanstack/react-router";
import { Roles } from "@/features/admin/roles";

export const Route = createFileRoute("/_work/admin/roles")({ component: Roles });
