import { createFileRoute } from "@tanstack/react-router";
import { Tokens } from "@/features/admin/tokens";

export const Route = createFileRoute("/_work/admin/tokens")({ component: Tokens });
