import { createFileRoute } from "@tanstack/react-router";
import { Search } from "@/features/search/search";

export const Route = createFileRoute("/_work/search")({
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === "string" || typeof search.q === "number" ? { q: String(search.q) } : {},
  component: Search,
});
