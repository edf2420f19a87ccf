import { createFileRoute } from "@tanstack/react-router";
import { Profile } from "@/features/portal/profile";

export const Route = createFileRoute("/portal/profile")({ component: Profile });
