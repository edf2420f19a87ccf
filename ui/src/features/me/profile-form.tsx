// How one is addressed: name, language, time zone.
import { Button, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { bestLanguage, LANGUAGES, type Language, speak } from "@/app/i18n";
import { meQuery, useMe } from "@/app/session";
import { Refusal } from "@/parts/refusal";

export function ProfileForm() {
  const { t, i18n } = useTranslation("me");
  const me = useMe();
  const queries = useQueryClient();
  const form = useForm({
    initialValues: {
      name: me.name,
      language: bestLanguage([me.language ?? i18n.language]) as string,
      time_zone: me.time_zone ?? "",
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ time_zone, ...values }: typeof form.values) =>
      data(api.PATCH("/api/v1/me", { body: me.time_zone ? { ...values, time_zone } : values })),
    onSuccess: async (changed) => {
      queries.setQueryData(meQuery.queryKey, changed);
      await speak(form.values.language as Language);
      notifications.show({ message: t("profile.saved") });
    },
    onError: (error) => form.setErrors(faultsByField(error)),
  });
  const isFieldFault = save.error !== null && Object.keys(faultsByField(save.error)).length > 0;
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack mt="sm">
        <Refusal error={isFieldFault ? null : save.error} />
        <TextInput label={t("profile.name")} required autoComplete="name" {...form.getInputProps("name")} />
        <Select
          label={t("profile.language")}
          description={t("profile.languageHint")}
          allowDeselect={false}
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          {...form.getInputProps("language")}
        />
        {me.time_zone && (
          <Select
            label={t("profile.timeZone")}
            searchable
            allowDeselect={false}
            data={[...new Set([me.time_zone, "UTC", ...Intl.supportedValuesOf("timeZone")])]}
            {...form.getInputProps("time_zone")}
          />
        )}
        <Button type="submit" loading={save.isPending} w="fit-content">
          {t("profile.save")}
        </Button>
      </Stack>
    </form>
  );
}
