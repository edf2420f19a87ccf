import { createFileRoute } from "@tanstack/react-router";
import { Macros } from "@/features/admin/macros";

export const Route = createFileRoute("/_work/admin/macros")({ component: Macros });
