import { createFileRoute } from "@tanstack/react-router";
import { Health } from "@/features/admin/health";

export const Route = createFileRoute("/_work/admin/health")({ component: Health });
