import { createFileRoute } from "@tanstack/react-router";
import { Accounts, accountsSearch } from "@/features/accounts/accounts";

export const Route = createFileRoute("/_work/accounts/")({ validateSearch: accountsSearch, component: Accounts });
