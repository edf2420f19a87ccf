// The frame of a screen: its title, what may be done on it, and its content.
import { Box, Group, Skeleton, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import classes from "./page.module.css";
import { LoadingRows } from "./states";

interface PageProps {
  title: string;
  actions?: ReactNode;
  /** Fills the height and scrolls inside, as a list of thousands does. */
  fills?: boolean;
  children: ReactNode;
}

/** A screen that is on its way, with its title where that will be. */
export function ComingPage() {
  return (
    <Box className={classes.page}>
      <Group className={classes.head}>
        <Skeleton width="16rem" height="1.75rem" />
      </Group>
      <Box className={classes.body}>
        <LoadingRows />
      </Box>
    </Box>
  );
}

export function Page({ title, actions, fills = false, children }: PageProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t("product")}`;
  }, [title, t]);
  return (
    <Box className={classes.page} data-fills={fills || undefined}>
      <Group className={classes.head} justify="space-between" gap="sm">
        <Title order={1}>{title}</Title>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      <Box className={classes.body}>{children}</Box>
    </Box>
  );
}
