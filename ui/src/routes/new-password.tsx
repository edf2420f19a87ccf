import { createFileRoute } from "@tanstack/react-router";
import { NewPassword } from "@/features/session/new-password";

export const Route = createFileRoute("/new-password")({ component: NewPassword });
