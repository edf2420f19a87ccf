import { useTranslation } from "react-i18next";
import { Page } from "@/parts/page";

export function Admin() {
  const { t } = useTranslation();
  return <Page title={t("nav.admin")}>{null}</Page>;
}
