import { createFileRoute } from "@tanstack/react-router";
import { ComingTicket } from "@/features/ticket/coming";
import { clocksQuery, messagesQuery, ticketQuery } from "@/features/ticket/queries";
import { TicketPage } from "@/features/ticket/ticket-page";

export const Route = createFileRoute("/_work/tickets/$id")({
  // All three at once, and begun while the pointer is still on its way.
  loader: ({ context: { queries }, params: { id } }) => {
    void queries.prefetchQuery(messagesQuery(id));
    void queries.prefetchQuery(clocksQuery(id));
    return queries.ensureQueryData(ticketQuery(id));
  },
  pendingComponent: ComingTicket,
  component: function OneTicket() {
    const { id } = Route.useParams();
    return <TicketPage key={id} id={id} />;
  },
});
