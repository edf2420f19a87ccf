import { Button, Divider, Title } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/session";
import { SignInCard } from "@/features/session/sign-in-card";
import { useSignOut } from "@/features/session/sign-out";
import { Passkeys } from "./passkeys";
import { SecondFactor } from "./second-factor";

/** Nothing but setting up a second factor, and the ways on and out. */
export function RequiredSecondFactor() {
  const { t } = useTranslation("me");
  const router = useRouter();
  const signOut = useSignOut();
  const isEnabled = useMe().second_factor.enabled;
  return (
    <SignInCard title={t("factor.title")} lead={t("factor.requiredLead")} error={null}>
      <section aria-label={t("passkeys.title")}>
        <Title order={2} size="h4">
          {t("passkeys.title")}
        </Title>
        <Passkeys />
      </section>
      <Divider />
      <SecondFactor />
      {isEnabled ? (
        <Button onClick={() => void router.navigate({ to: "/" })}>{t("factor.goOn")}</Button>
      ) : (
        <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
          {t("end")}
        </Button>
      )}
    </SignInCard>
  );
}
