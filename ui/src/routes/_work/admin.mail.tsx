import { createFileRoute } from "@tanstack/react-router";
import { Mail } from "@/features/admin/mail";

export const Route = createFileRoute("/_work/admin/mail")({ component: Mail });
