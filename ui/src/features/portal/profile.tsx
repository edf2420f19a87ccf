// One's own profile: language, appearance, password.
import { SegmentedControl, Select, Stack, Text, Title, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language, speak } from "@/app/i18n";
import { useMe } from "@/app/session";
import { PasswordForm } from "@/features/session/password-form";
import { Page } from "@/parts/page";
import classes from "./portal.module.css";

const SCHEMES = ["light", "dark", "auto"] as const;

export function Profile() {
  const { t, i18n } = useTranslation("portal");
  const common = useTranslation().t;
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Page title={t("profile.title")}>
      <div className={classes.twoCards}>
        <section className={classes.card}>
          <Title order={2}>{me.name}</Title>
          <Text c="dimmed">{me.email}</Text>
          <Stack mt="md">
            <Select
              label={common("person.language")}
              value={i18n.language}
              allowDeselect={false}
              data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
              onChange={(language) => language && void speak(language as Language)}
            />
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
    </Page>
  );
}
