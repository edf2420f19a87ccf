// One's own account: password, where one is signed in, and tokens for programs.
import { Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "@/app/session";
import { Tokens } from "@/features/admin/tokens";
import { PasswordForm } from "@/features/session/password-form";
import { Page } from "@/parts/page";
import { useRoleName } from "@/parts/role-name";
import classes from "./me.module.css";
import { Passkeys } from "./passkeys";
import { ProfileForm } from "./profile-form";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";

export function MyAccount() {
  const { t } = useTranslation("me");
  const me = useMe();
  const roleName = useRoleName();
  return (
    <Page title={t("title")}>
      <Text c="dimmed" mb="md">
        {me.name} · {me.email} · {me.roles.map(roleName).join(", ")}
      </Text>
      <div className={classes.columns}>
        <div>
          <section className={classes.card} aria-label={t("profile.title")}>
            <Title order={2}>{t("profile.title")}</Title>
            <ProfileForm />
          </section>
          <section className={classes.card} aria-label={t("password")}>
            <Title order={2}>{t("password")}</Title>
            <PasswordForm />
          </section>
        </div>
        <div>
          <section className={classes.card} aria-label={t("passkeys.title")}>
            <Title order={2}>{t("passkeys.title")}</Title>
            <Passkeys />
          </section>
          <section className={classes.card} aria-label={t("factor.title")}>
            <Title order={2}>{t("factor.title")}</Title>
            <SecondFactor />
          </section>
          <section className={classes.card} aria-label={t("sessions")}>
            <Title order={2} mb="xs">
              {t("sessions")}
            </Title>
            <Sessions />
          </section>
        </div>
      </div>
      {useMay("token.update") && <Tokens />}
    </Page>
  );
}
