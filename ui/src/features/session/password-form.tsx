// One's own password, changed by who knows the old one.
import { Alert, Button, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { Password } from "@/parts/password";

export function PasswordForm() {
  const { t } = useTranslation("portal");
  const form = useForm({ mode: "controlled", initialValues: { old: "", password: "" } });
  const change = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: { old: string; password: string }) => api.PUT("/api/v1/me/password", { body }),
    onSuccess: () => {
      form.reset();
      notifications.show({ message: t("profile.passwordChanged") });
    },
    onError: (error) => form.setErrors(faultsByField(error)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
      <Stack mt="sm">
        {change.error && Object.keys(faultsByField(change.error)).length === 0 && (
          <Alert color="red" role="alert">
            {change.error.message}
          </Alert>
        )}
        <Password label={t("profile.old")} autoComplete="current-password" required {...form.getInputProps("old")} />
        <Password
          label={t("profile.new")}
          description={t("profile.newHint")}
          autoComplete="new-password"
          required
          minLength={10}
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={change.isPending} style={{ alignSelf: "start" }}>
          {t("profile.change")}
        </Button>
      </Stack>
    </form>
  );
}
