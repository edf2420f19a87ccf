import { createFileRoute } from "@tanstack/react-router";
import { Policy } from "@/features/admin/policy";

export const Route = createFileRoute("/_work/admin/policy")({ component: Policy });
