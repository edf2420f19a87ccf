import { Anchor, Button, Divider, Group, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Password } from "@/parts/password";
import { SecondStep } from "./second-step";
import { SignInCard } from "./sign-in-card";
import { useOfferedPasskeys, usePasskeySignIn, usePasskeysHere } from "./use-passkeys";
import type { Answer } from "./webauthn";
import { asksForCode, useWelcome } from "./welcome";

const route = getRouteApi("/sign-in");

/** Sign in with an address and a password, and a second factor where one is asked for, or with a passkey alone. */
export function SignIn() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const welcome = useWelcome(to);
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "", password: "" } });
  const [code, setCode] = useState("");
  const signIn = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (passkey?: Answer) =>
      data(api.POST("/api/v1/sessions", { body: { ...form.getValues(), code: code || undefined, passkey } })),
    onSuccess: welcome,
  });
  // Once it was asked for, the field stays: what one types is not to vanish.
  const [codeAsked, setCodeAsked] = useState(false);
  if (!codeAsked && asksForCode(signIn.error)) setCodeAsked(true);
  const startOver = () => {
    signIn.reset();
    setCode("");
    setCodeAsked(false);
  };

  const hasPasskeys = usePasskeysHere();
  const byPasskey = usePasskeySignIn(welcome);
  const ask = useOfferedPasskeys(hasPasskeys && !codeAsked, byPasskey.mutate);
  const choose = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ask,
    onSuccess: (answer) => answer && byPasskey.mutate(answer),
  });
  const passkeyError = byPasskey.error ?? choose.error;
  // To be asked for the second step is no fault.
  const passwordError = codeAsked && !code && !signIn.variables ? null : signIn.error;
  return (
    <SignInCard
      title={t("signIn.title")}
      lead={codeAsked ? t("signIn.codeLead", { email: form.getValues().email }) : undefined}
      error={passwordError ?? passkeyError}
      onSubmit={form.onSubmit(() => {
        byPasskey.reset();
        signIn.mutate(undefined);
      })}
    >
      {codeAsked ? (
        <>
          <SecondStep
            code={code}
            onCode={setCode}
            pending={signIn.isPending}
            onPasskey={hasPasskeys ? signIn.mutate : undefined}
          />
          <Anchor component="button" type="button" size="sm" w="fit-content" onClick={startOver}>
            {t("signIn.back")}
          </Anchor>
        </>
      ) : (
        <>
          <TextInput
            label={t("signIn.email")}
            type="email"
            autoComplete="username webauthn"
            required
            withAsterisk={false}
            autoFocus
            {...form.getInputProps("email")}
          />
          <Password
            label={t("signIn.password")}
            autoComplete="current-password"
            required
            withAsterisk={false}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            {t("signIn.submit")}
          </Button>
          {hasPasskeys && (
            <>
              <Divider label={t("signIn.or")} />
              <Button
                variant="default"
                fullWidth
                leftSection={<IconKey size={16} aria-hidden />}
                loading={choose.isPending || byPasskey.isPending}
                onClick={() => {
                  signIn.reset();
                  byPasskey.reset();
                  choose.mutate();
                }}
              >
                {t("signIn.passkey")}
              </Button>
            </>
          )}
          <Group justify="space-between" gap="xs">
            <Anchor
              size="sm"
              renderRoot={(props) => <Link to="/forgotten" search={{ purpose: "new_password" }} {...props} />}
            >
              {t("signIn.forgotten")}
            </Anchor>
            <Anchor
              size="sm"
              renderRoot={(props) => (
                <Link to="/forgotten" search={{ purpose: "sign_in", ...(to && { to }) }} {...props} />
              )}
            >
              {t("signIn.byLink")}
            </Anchor>
          </Group>
        </>
      )}
    </SignInCard>
  );
}
