import { useTranslation } from "react-i18next";
import { Page } from "@/parts/page";

export function MyDay() {
  const { t } = useTranslation();
  return <Page title={t("nav.myDay")}>{null}</Page>;
}
