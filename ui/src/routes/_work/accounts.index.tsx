import { createFileRoute } from "@tanstack/react-router";
import { Accounts } from "@/features/accounts/accounts";
import { accountsSearch } from "@/features/accounts/address";

export const Route = createFileRoute("/_work/accounts/")({ validateSearch: accountsSearch, component: Accounts });
