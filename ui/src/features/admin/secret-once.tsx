import { Alert, Button, CopyButton, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./admin.module.css";

/** A secret that the service shows this once. */
export function SecretOnce({ secret, lead, onDone }: { secret: string; lead: string; onDone: () => void }) {
  const { t } = useTranslation("admin");
  return (
    <Alert color="green" role="status" title={t("once.title")}>
      <Stack gap="xs">
        <Text size="sm">{lead}</Text>
        <code className={classes.code}>{secret}</code>
        <Group gap="xs">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button size="compact-sm" variant="default" onClick={copy}>
                {t(copied ? "once.copied" : "once.copy")}
              </Button>
            )}
          </CopyButton>
          <Button size="compact-sm" variant="default" onClick={onDone}>
            {t("once.done")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
