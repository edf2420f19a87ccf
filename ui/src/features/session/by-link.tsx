import { Anchor, Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { keepPlace, keptPlace } from "./place";
import { SecondStep } from "./second-step";
import { SignInCard } from "./sign-in-card";
import { usePasskeysHere } from "./use-passkeys";
import type { Answer } from "./webauthn";
import { asksForCode, isSpent, useWelcome } from "./welcome";

/** Behind a link from a mail. Opening it uses nothing up, because mail scanners open every link; the button does. */
export function ByLink() {
  const { t } = useTranslation();
  const welcome = useWelcome(keptPlace());
  const [code, setCode] = useState("");
  const signIn = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (passkey?: Answer) =>
      data(
        api.POST("/api/v1/sign-in-links/session", {
          body: { token: location.hash.slice(1), code: code || undefined, passkey },
        }),
      ),
    onSuccess: (me) => {
      keepPlace(undefined);
      return welcome(me);
    },
  });
  const hasPasskeys = usePasskeysHere();
  const [codeAsked, setCodeAsked] = useState(false);
  if (!codeAsked && asksForCode(signIn.error)) setCodeAsked(true);
  const isOver = !codeAsked && isSpent(signIn.error);
  return (
    <SignInCard
      title={t("signIn.title")}
      lead={isOver ? undefined : t(codeAsked ? "signIn.codeOnly" : "signIn.linkLead")}
      error={codeAsked && !code && !signIn.variables ? null : signIn.error}
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate(undefined);
      }}
    >
      {codeAsked ? (
        <SecondStep
          code={code}
          onCode={setCode}
          pending={signIn.isPending}
          onPasskey={hasPasskeys ? signIn.mutate : undefined}
        />
      ) : isOver ? (
        <Button fullWidth renderRoot={(props) => <Link to="/forgotten" search={{ purpose: "sign_in" }} {...props} />}>
          {t("signIn.another")}
        </Button>
      ) : (
        <Button type="submit" loading={signIn.isPending} fullWidth>
          {t("signIn.submit")}
        </Button>
      )}
      <Anchor component={Link} to="/sign-in" size="sm">
        {t("signIn.back")}
      </Anchor>
    </SignInCard>
  );
}
