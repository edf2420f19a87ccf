import { Button, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { meQuery } from "@/app/session";
import { Password } from "@/parts/password";
import { Refusal } from "@/parts/refusal";

/** The code that stands behind the address. */
const codeHere = () => decodeURIComponent(location.hash.slice(1));

/** The first administrator, made by whoever has the code that the program printed. It may stand behind the address. */
export function Administrator({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("set_up");
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { code: codeHere(), name: "", email: "", password: "" },
  });
  const { setFieldValue } = form;
  useEffect(() => {
    // The link is often opened in a tab that shows this page already: then only what stands behind the address changes.
    const take = () => setFieldValue("code", codeHere());
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, [setFieldValue]);
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (values: typeof form.values) => {
      const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      return data(api.POST("/api/v1/set-up", { body: { ...values, time_zone } }));
    },
    onError: (error) => form.setErrors(faultsByField(error)),
    onSuccess: (me) => {
      history.replaceState(history.state, "", location.pathname);
      queries.setQueryData(meQuery.queryKey, me);
      queries.removeQueries({ queryKey: ["set-up"], type: "inactive" });
      onDone();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
      <Stack maw="28rem">
        <Title order={2}>{t("administrator.title")}</Title>
        <Text c="dimmed">{t("administrator.lead")}</Text>
        <Refusal error={make.error} />
        <TextInput
          label={t("administrator.code")}
          description={t("administrator.codeHint")}
          required
          autoComplete="one-time-code"
          autoFocus={!codeHere()}
          {...form.getInputProps("code")}
        />
        <TextInput
          label={t("administrator.name")}
          required
          autoComplete="name"
          autoFocus={Boolean(codeHere())}
          {...form.getInputProps("name")}
        />
        <TextInput
          label={t("administrator.email")}
          type="email"
          required
          autoComplete="username"
          {...form.getInputProps("email")}
        />
        <Password
          label={t("administrator.password")}
          description={t("administrator.passwordHint")}
          required
          minLength={10}
          autoComplete="new-password"
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={make.isPending} w="fit-content">
          {t("administrator.submit")}
        </Button>
      </Stack>
    </form>
  );
}
