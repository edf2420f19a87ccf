import { createFileRoute } from "@tanstack/react-router";
import { EscalationPage } from "@/features/escalations/escalation-page";

export const Route = createFileRoute("/_work/escalations/$id")({
  component: function OneEscalation() {
    const { id } = Route.useParams();
    return <EscalationPage key={id} id={id} />;
  },
});
