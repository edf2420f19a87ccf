// One's own account: password, where one is signed in, and tokens for programs.
import { SimpleGrid, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { everything } from "@/api/pages";
import { useMay, useMe } from "@/app/session";
import { Tokens } from "@/features/admin/tokens";
import { PasswordForm } from "@/features/session/password-form";
import { Page } from "@/parts/page";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./me.module.css";
import { Passkeys } from "./passkeys";
import { ProfileForm } from "./profile-form";
import { SecondFactor } from "./second-factor";
import { SessionList } from "./session-list";

export function MyAccount() {
  const { t } = useTranslation("me");
  const me = useMe();
  return (
    <Page title={t("title")}>
      <Text c="dimmed" mb="md">
        {me.name} · {me.email} · {me.roles.join(", ")}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} mb="lg">
        <section className={classes.card} aria-label={t("profile.title")}>
          <Title order={2}>{t("profile.title")}</Title>
          <ProfileForm />
        </section>
        <section className={classes.card} aria-label={t("passkeys.title")}>
          <Title order={2}>{t("passkeys.title")}</Title>
          <Passkeys />
        </section>
        <section className={classes.card} aria-label={t("factor.title")}>
          <Title order={2}>{t("factor.title")}</Title>
          <SecondFactor />
        </section>
        <section className={classes.card} aria-label={t("password")}>
          <Title order={2}>{t("password")}</Title>
          <PasswordForm />
        </section>
        <section className={classes.card} aria-label={t("sessions")}>
          <Title order={2} mb="xs">
            {t("sessions")}
          </Title>
          <Sessions />
        </section>
      </SimpleGrid>
      {useMay("token.update") && <Tokens />}
    </Page>
  );
}

function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: () =>
      everything((cursor) => data(api.GET("/api/v1/sessions", { params: { query: { limit: 100, cursor } } }))),
  });
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/sessions/{id}", { params: { path: { id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  if (sessions.isPending) return <LoadingRows rows={3} />;
  if (sessions.isError) return <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return <SessionList sessions={sessions.data} ending={end} />;
}
