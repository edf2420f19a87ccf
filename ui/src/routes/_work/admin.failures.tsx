import { createFileRoute } from "@tanstack/react-router";
import { Failures } from "@/features/admin/failures";

export const Route = createFileRoute("/_work/admin/failures")({ component: Failures });
