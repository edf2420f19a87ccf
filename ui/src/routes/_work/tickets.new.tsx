import { createFileRoute } from "@tanstack/react-router";
import { NewTicket } from "@/features/ticket/new-ticket";

export const Route = createFileRoute("/_work/tickets/new")({
  validateSearch: (search: Record<string, unknown>): { account?: string } =>
    typeof search.account === "string" ? { account: search.account } : {},
  component: NewTicket,
});
