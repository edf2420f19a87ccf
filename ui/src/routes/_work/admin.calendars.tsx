import { createFileRoute } from "@tanstack/react-router";
import { Calendars } from "@/features/admin/calendars";

export const Route = createFileRoute("/_work/admin/calendars")({ component: Calendars });
