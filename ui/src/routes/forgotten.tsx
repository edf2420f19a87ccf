import { createFileRoute } from "@tanstack/react-router";
import { Forgotten } from "@/features/session/forgotten";

export const Route = createFileRoute("/forgotten")({
  validateSearch: (search: Record<string, unknown>): { purpose: "sign_in" | "new_password" } => ({
    purpose: search.purpose === "sign_in" ? "sign_in" : "new_password",
  }),
  component: Forgotten,
});
