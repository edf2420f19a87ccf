import { createFileRoute } from "@tanstack/react-router";
import { Audit } from "@/features/admin/audit";

export const Route = createFileRoute("/_work/admin/audit")({ component: Audit });
