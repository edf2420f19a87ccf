import { createFileRoute } from "@tanstack/react-router";
import { AccountPage } from "@/features/accounts/account-page";
import { accountQuery } from "@/features/accounts/queries";

export const Route = createFileRoute("/_work/accounts/$id")({
  loader: ({ context: { queries }, params: { id } }) => void queries.prefetchQuery(accountQuery(id)),
  component: function OneAccount() {
    const { id } = Route.useParams();
    return <AccountPage key={id} id={id} />;
  },
});
