import { Anchor, Button, Group, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { CodeInput } from "./code-input";
import { SignInCard } from "./sign-in-card";
import { asksForCode, useWelcome } from "./welcome";

const route = getRouteApi("/sign-in");

/** Sign in with an address and a password, and a code where one is asked for; then go where one meant to go. */
export function SignIn() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const welcome = useWelcome(to);
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "", password: "" } });
  const [code, setCode] = useState("");
  const signIn = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: { email: string; password: string }) =>
      data(api.POST("/api/v1/sessions", { body: { ...body, code: code || undefined } })),
    onSuccess: welcome,
  });
  // Once it was asked for, the field stays: what one types is not to vanish.
  const [codeAsked, setCodeAsked] = useState(false);
  if (!codeAsked && asksForCode(signIn.error)) setCodeAsked(true);
  return (
    <SignInCard
      title={t("signIn.title")}
      lead={t(codeAsked ? "signIn.codeLead" : "signIn.lead")}
      error={codeAsked && !code ? null : signIn.error}
      onSubmit={form.onSubmit((values) => signIn.mutate(values))}
    >
      <TextInput
        label={t("signIn.email")}
        type="email"
        autoComplete="username"
        required
        autoFocus
        {...form.getInputProps("email")}
      />
      <PasswordInput
        label={t("signIn.password")}
        autoComplete="current-password"
        required
        {...form.getInputProps("password")}
      />
      {codeAsked && <CodeInput value={code} onChange={setCode} />}
      <Button type="submit" loading={signIn.isPending} fullWidth>
        {t("signIn.submit")}
      </Button>
      <Group justify="space-between" gap="xs">
        <Anchor
          size="sm"
          renderRoot={(props) => <Link to="/forgotten" search={{ purpose: "new_password" }} {...props} />}
        >
          {t("signIn.forgotten")}
        </Anchor>
        <Anchor size="sm" renderRoot={(props) => <Link to="/forgotten" search={{ purpose: "sign_in" }} {...props} />}>
          {t("signIn.byLink")}
        </Anchor>
      </Group>
    </SignInCard>
  );
}
