import { Alert, Box, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Mark } from "@/parts/mark";
import classes from "./sign-in.module.css";

const route = getRouteApi("/sign-in");

/** Sign in with an address and a password, then go where one meant to go. */
export function SignIn() {
  const { t } = useTranslation();
  const router = useRouter();
  const queries = useQueryClient();
  const { to } = route.useSearch();
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "", password: "" } });
  const signIn = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: { email: string; password: string }) => data(api.POST("/api/v1/sessions", { body })),
    onSuccess: async () => {
      // Nothing that an earlier person read may be seen by this one.
      queries.clear();
      await router.navigate({ href: to ?? "/" });
    },
  });
  return (
    <Box component="main" className={classes.page}>
      <Paper withBorder p="xl" className={classes.card}>
        <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
          <Stack>
            <Stack gap={4}>
              <Mark />
              <Title order={1} mt="sm">
                {t("signIn.title")}
              </Title>
              <Text c="dimmed">{t("signIn.lead")}</Text>
            </Stack>
            {signIn.error && (
              <Alert color="red" role="alert">
                {signIn.error.message}
              </Alert>
            )}
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
            <Button type="submit" loading={signIn.isPending} fullWidth>
              {t("signIn.submit")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Box>
  );
}
