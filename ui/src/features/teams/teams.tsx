import { useTranslation } from "react-i18next";
import { Page } from "@/parts/page";

export function Teams() {
  const { t } = useTranslation();
  return <Page title={t("nav.teams")}>{null}</Page>;
}
