import { createFileRoute } from "@tanstack/react-router";
import { ByLink } from "@/features/session/by-link";

export const Route = createFileRoute("/sign-in-link")({ component: ByLink });
