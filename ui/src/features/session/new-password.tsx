import { Alert, Anchor, Button } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { Password } from "@/parts/password";
import { SignInCard } from "./sign-in-card";
import { isSpent } from "./welcome";

/** Behind a link from a mail: set a new password, then sign in with it. */
export function NewPassword() {
  const { t } = useTranslation();
  const form = useForm({ mode: "controlled", initialValues: { password: "" } });
  const set = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ password }: { password: string }) =>
      api.PUT("/api/v1/sign-in-links/password", { body: { token: location.hash.slice(1), password } }),
    onError: (error) => form.setErrors(faultsByField(error)),
  });
  const isFieldFault = set.error !== null && Object.keys(faultsByField(set.error)).length > 0;
  return (
    <SignInCard
      title={t("signIn.new_password.title")}
      lead={set.isSuccess || isSpent(set.error) ? undefined : t("signIn.newPasswordLead")}
      error={isFieldFault ? null : set.error}
      onSubmit={form.onSubmit((values) => set.mutate(values))}
    >
      {set.isSuccess ? (
        <Alert color="green" role="status">
          {t("signIn.passwordSet")}
        </Alert>
      ) : isSpent(set.error) ? (
        <Button
          fullWidth
          renderRoot={(props) => <Link to="/forgotten" search={{ purpose: "new_password" }} {...props} />}
        >
          {t("signIn.another")}
        </Button>
      ) : (
        <>
          <Password
            label={t("signIn.newPassword")}
            description={t("signIn.newPasswordHint")}
            autoComplete="new-password"
            required
            withAsterisk={false}
            minLength={10}
            autoFocus
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={set.isPending} fullWidth>
            {t("signIn.setPassword")}
          </Button>
        </>
      )}
      <Anchor component={Link} to="/sign-in" size="sm">
        {t("signIn.back")}
      </Anchor>
    </SignInCard>
  );
}
