import { createFileRoute } from "@tanstack/react-router";
import { Inbox } from "@/features/inbox/inbox";

export const Route = createFileRoute("/_work/inbox")({ component: Inbox });
