import { createFileRoute } from "@tanstack/react-router";
import { Webhooks } from "@/features/admin/webhooks";

export const Route = createFileRoute("/_work/admin/webhooks")({ component: Webhooks });
