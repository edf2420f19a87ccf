import { createFileRoute } from "@tanstack/react-router";
import { CompanySection } from "@/features/admin/company";

export const Route = createFileRoute("/_work/admin/company")({ component: CompanySection });
