// Narrows the view that the inbox shows, by its address.
import { useNavigate } from "@tanstack/react-router";
import type { NARROWING } from "./views";

export type Narrowing = (typeof NARROWING)[number];

/** Sets or clears what narrows the view by one thing. */
export function useNarrow() {
  const navigate = useNavigate({ from: "/inbox" });
  return (key: Narrowing, value: string | string[] | null) => {
    const said = Array.isArray(value) ? [...value].sort().join(",") : value;
    void navigate({ search: (now) => ({ ...now, [key]: said || undefined }) });
  };
}
