import { createFileRoute } from "@tanstack/react-router";
import { MyAccount } from "@/features/me/me";

export const Route = createFileRoute("/_work/me")({ component: MyAccount });
