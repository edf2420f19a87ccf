// One's own profile: language, appearance, password.
import { SegmentedControl, Stack, Text, Title, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/session";
import columns from "@/features/me/me.module.css";
import { Passkeys } from "@/features/me/passkeys";
import { ProfileForm } from "@/features/me/profile-form";
import { SecondFactor } from "@/features/me/second-factor";
import { Sessions } from "@/features/me/sessions";
import { PasswordForm } from "@/features/session/password-form";
import { Page } from "@/parts/page";
import classes from "./portal.module.css";

const SCHEMES = ["light", "dark", "auto"] as const;

export function Profile() {
  const { t } = useTranslation("portal");
  const common = useTranslation().t;
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Page title={t("profile.title")}>
      <div className={columns.columns}>
        <div>
          <section className={classes.card}>
            <Title order={2}>{me.name}</Title>
            <Text c="dimmed">{me.email}</Text>
            <Stack mt="md">
              <ProfileForm />
              <div>
                <Text size="sm" fw={500} mb={4} id="profile-scheme">
                  {common("person.scheme")}
                </Text>
                <SegmentedControl
                  fullWidth
                  aria-labelledby="profile-scheme"
                  value={colorScheme}
                  onChange={(scheme) => setColorScheme(scheme as (typeof SCHEMES)[number])}
                  data={SCHEMES.map((scheme) => ({ value: scheme, label: common(`person.${scheme}`) }))}
                />
              </div>
            </Stack>
          </section>
          <section className={classes.card}>
            <Title order={2}>{t("profile.password")}</Title>
            <PasswordForm />
          </section>
        </div>
        <div>
          <section className={classes.card}>
            <Title order={2}>{t("passkeys.title", { ns: "me" })}</Title>
            <Passkeys />
          </section>
          <section className={classes.card}>
            <Title order={2}>{t("profile.factor")}</Title>
            <SecondFactor />
          </section>
          <section className={classes.card}>
            <Title order={2} mb="xs">
              {t("sessions", { ns: "me" })}
            </Title>
            <Sessions />
          </section>
        </div>
      </div>
    </Page>
  );
}
