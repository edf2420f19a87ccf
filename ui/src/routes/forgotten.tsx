import { createFileRoute } from "@tanstack/react-router";
import { Forgotten } from "@/features/session/forgotten";
import { placeHere } from "@/features/session/place";

export const Route = createFileRoute("/forgotten")({
  validateSearch: (search: Record<string, unknown>): { purpose: "sign_in" | "new_password"; to?: string } => {
    const to = placeHere(search.to);
    return { purpose: search.purpose === "sign_in" ? "sign_in" : "new_password", ...(to && { to }) };
  },
  component: Forgotten,
});
