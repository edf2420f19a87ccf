import { Box } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLiveness } from "@/app/live";
import classes from "./shell.module.css";

/** Says that what is shown may be out of date, while it may. */
export function StaleBanner() {
  const { t } = useTranslation();
  if (useLiveness() !== "stale") return null;
  return (
    <Box role="status" className={classes.stale}>
      {t("live.stale")}
    </Box>
  );
}
