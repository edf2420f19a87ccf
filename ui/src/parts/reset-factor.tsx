// Helping somebody who lost their device: their second factor and passkeys are taken away.
import { Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Refusal } from "./refusal";

interface Props {
  name: string;
  /** Takes them away. */
  reset: () => Promise<unknown>;
  onReset?: () => unknown;
}

export function ResetFactor({ name, reset, onReset }: Props) {
  const { t } = useTranslation();
  const [isAsked, setAsked] = useState(false);
  const take = useMutation({
    meta: { handlesFailure: true },
    mutationFn: reset,
    onSuccess: async () => {
      notifications.show({ message: t("resetFactor.done", { name }) });
      await onReset?.();
    },
    onSettled: () => setAsked(false),
  });
  return (
    <Stack gap="xs">
      <Refusal error={take.error} />
      <Group justify="space-between" align="flex-start">
        <Text size="sm" c="dimmed" flex="1 1 14rem">
          {t(isAsked ? "resetFactor.sure" : "resetFactor.hint", { name })}
        </Text>
        {isAsked ? (
          <Group gap="xs" wrap="nowrap" flex="none">
            <Button variant="default" onClick={() => setAsked(false)}>
              {t("action.cancel")}
            </Button>
            <Button color="red.8" loading={take.isPending} data-autofocus onClick={() => take.mutate()}>
              {t("resetFactor.do")}
            </Button>
          </Group>
        ) : (
          <Button variant="default" flex="none" onClick={() => setAsked(true)}>
            {t("resetFactor.ask")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
