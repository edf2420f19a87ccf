import { createFileRoute } from "@tanstack/react-router";
import { Views } from "@/features/admin/views";

export const Route = createFileRoute("/_work/admin/views")({ component: Views });
