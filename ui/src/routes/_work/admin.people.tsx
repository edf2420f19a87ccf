import { createFileRoute } from "@tanstack/react-router";
import { People } from "@/features/admin/people";

export const Route = createFileRoute("/_work/admin/people")({ component: People });
