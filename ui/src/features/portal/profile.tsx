// One's own profile: language, appearance, password.
import {
  Alert,
  Button,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Title,
  useMantineColorScheme,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { LANGUAGES, type Language, speak } from "@/app/i18n";
import { useMe } from "@/app/session";
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
          <Password />
        </section>
      </div>
    </Page>
  );
}

function Password() {
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
        <PasswordInput
          label={t("profile.old")}
          autoComplete="current-password"
          required
          {...form.getInputProps("old")}
        />
        <PasswordInput
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
