import { useTranslation } from "react-i18next";
import { Page } from "@/parts/page";

export function Board() {
  const { t } = useTranslation();
  return <Page title={t("nav.board")}>{null}</Page>;
}
