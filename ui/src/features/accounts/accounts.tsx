import { useTranslation } from "react-i18next";
import { Page } from "@/parts/page";

export function Accounts() {
  const { t } = useTranslation();
  return <Page title={t("nav.accounts")}>{null}</Page>;
}
