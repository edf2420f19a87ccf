import { createFileRoute } from "@tanstack/react-router";
import { Requests } from "@/features/portal/requests";

export const Route = createFileRoute("/portal/")({
  validateSearch: (search: Record<string, unknown>): { show?: "open" | "done"; whose?: "all" | "own" } => ({
    ...(search.show === "done" ? { show: "done" } : {}),
    ...(search.whose === "own" ? { whose: "own" } : {}),
  }),
  component: Requests,
});
