import { createFileRoute } from "@tanstack/react-router";
import { Inbox } from "@/features/inbox/inbox";
import { inboxSearch } from "@/features/inbox/views";

export const Route = createFileRoute("/_work/inbox")({ validateSearch: inboxSearch, component: Inbox });
