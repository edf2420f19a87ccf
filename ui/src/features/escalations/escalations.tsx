import { useTranslation } from "react-i18next";
import { Page } from "@/parts/page";

export function Escalations() {
  const { t } = useTranslation();
  return <Page title={t("nav.escalations")}>{null}</Page>;
}
