import { Alert, Anchor, Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { keepPlace } from "./place";
import { SignInCard } from "./sign-in-card";

const route = getRouteApi("/forgotten");

/** Ask for a link by mail: to sign in, or to set a new password. Whether the address is known is not said. */
export function Forgotten() {
  const { t } = useTranslation();
  const { purpose, to } = route.useSearch();
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "" } });
  const ask = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ email }: { email: string }) => api.POST("/api/v1/sign-in-links", { body: { email, purpose } }),
    onSuccess: () => keepPlace(purpose === "sign_in" ? to : undefined),
  });
  return (
    <SignInCard
      title={t(`signIn.${purpose}.title`)}
      lead={ask.isSuccess ? undefined : t(`signIn.${purpose}.lead`)}
      error={ask.error}
      onSubmit={form.onSubmit((values) => ask.mutate(values))}
    >
      {ask.isSuccess ? (
        <Alert color="green" role="status">
          {t("signIn.sent")}
        </Alert>
      ) : (
        <>
          <TextInput
            label={t("signIn.email")}
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            {...form.getInputProps("email")}
          />
          <Button type="submit" loading={ask.isPending} fullWidth>
            {t("signIn.send")}
          </Button>
        </>
      )}
      <Anchor size="sm" renderRoot={(props) => <Link to="/sign-in" search={to ? { to } : {}} {...props} />}>
        {t("signIn.back")}
      </Anchor>
    </SignInCard>
  );
}
