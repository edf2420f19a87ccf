// One's own account: password, where one is signed in, and tokens for programs.
import { Badge, Button, SimpleGrid, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { everything } from "@/api/pages";
import { useFormats } from "@/app/format";
import { useMay, useMe } from "@/app/session";
import { serviceNow } from "@/app/time";
import { Tokens } from "@/features/admin/tokens";
import { PasswordForm } from "@/features/session/password-form";
import { Page } from "@/parts/page";
import { Failure, LoadingRows } from "@/parts/states";
import { deviceOf } from "./device";
import classes from "./me.module.css";

export function MyAccount() {
  const { t } = useTranslation("me");
  const me = useMe();
  return (
    <Page title={t("title")}>
      <Text c="dimmed" mb="md">
        {me.name} · {me.email} · {me.roles.join(", ")}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} mb="lg">
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
  const { t } = useTranslation("me");
  const format = useFormats();
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
  return (
    <ul className={classes.plain}>
      {sessions.data.map((session) => {
        const { browser, system } = deviceOf(session.user_agent);
        const name = [browser ?? session.user_agent, system].filter(Boolean).join(" · ");
        return (
          <li key={session.id} className={classes.line}>
            <span className={classes.grow}>
              {name}
              <Text size="xs" c="dimmed">
                {t("seen", { when: format.ago(session.last_seen_at, serviceNow()) })} ·{" "}
                {t("until", { at: format.instant(session.expires_at) })}
              </Text>
            </span>
            {session.current ? (
              <Badge variant="light">{t("here")}</Badge>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={t("endOf", { name })}
                loading={end.isPending && end.variables === session.id}
                onClick={() => end.mutate(session.id)}
              >
                {t("end")}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
