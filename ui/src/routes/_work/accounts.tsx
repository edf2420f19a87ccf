import { createFileRoute } from "@tanstack/react-router";
import { Accounts } from "@/features/accounts/accounts";

export const Route = createFileRoute("/_work/accounts")({ component: Accounts });
