// The password once more, for what a browser left open must not do.
import { Button, Group, Stack, Text } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/session";
import { Password } from "@/parts/password";
import { Refusal } from "@/parts/refusal";

interface Props {
  value: string;
  onChange: (password: string) => void;
  error: Error | null;
  pending: boolean;
  action: string;
  onSubmit: () => void;
  onCancel: () => void;
  /** Whether something else has the focus first. */
  isLast?: boolean;
  /** What is asked or said besides, above the password. */
  children?: ReactNode;
}

/** Keeps the page while a form is sent. */
export const submits = (act: () => void) => (event: FormEvent) => {
  event.preventDefault();
  act();
};

export function PasswordStep({ value, onChange, error, pending, action, onSubmit, onCancel, isLast, children }: Props) {
  const { t } = useTranslation("me");
  const hasPassword = useMe().password;
  return (
    <form onSubmit={submits(onSubmit)}>
      <Stack mt="xs">
        <Refusal error={error} />
        {children}
        {hasPassword ? (
          <Password
            label={t("password")}
            description={t("factor.passwordHint")}
            autoComplete="current-password"
            required
            autoFocus={!isLast}
            value={value}
            onChange={({ currentTarget }) => onChange(currentTarget.value)}
          />
        ) : (
          <Text size="sm" c="dimmed">
            {t("passkeys.freshHint")}
          </Text>
        )}
        <Group gap="xs">
          <Button type="submit" loading={pending}>
            {action}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t("factor.cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
