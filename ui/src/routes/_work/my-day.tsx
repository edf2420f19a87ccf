import { createFileRoute } from "@tanstack/react-router";
import { MyDay } from "@/features/my-day/my-day";

export const Route = createFileRoute("/_work/my-day")({ component: MyDay });
