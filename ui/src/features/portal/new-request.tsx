// A new request: what it is about, how bad it is in the pack's own words, and what was seen.
import { Alert, Button, Group, Paper, Radio, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { useFormats } from "@/app/format";
import { Page } from "@/parts/page";
import { Severity } from "@/parts/severity";
import { Files, useFiles } from "./files";
import classes from "./portal.module.css";
import { serviceQuery } from "./queries";

const route = getRouteApi("/portal/new");

export function NewRequest() {
  const { t } = useTranslation("portal");
  const { data: service } = useSuspenseQuery(serviceQuery);
  const { follows } = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const files = useFiles();
  const form = useForm({
    mode: "controlled",
    initialValues: {
      subject: "",
      category: "",
      severity: "P3",
      message: follows ? t("new.follows", { number: follows }) : "",
    },
    validate: {
      subject: (value) => (value.trim() ? null : t("new.subjectMissing")),
      message: (value) => (value.trim() ? null : t("new.messageMissing")),
    },
  });
  const open = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (values: typeof form.values) =>
      data(
        api.POST("/api/v1/tickets", {
          headers: onceKey(),
          body: {
            subject: values.subject.trim(),
            message: values.message,
            severity: values.severity,
            attachments: files.ids,
            ...(values.category ? { category: values.category } : {}),
          },
        }),
      ),
    onSuccess: async (ticket) => {
      void queries.invalidateQueries({ queryKey: ["tickets"] });
      await navigate({ to: "/portal/requests/$id", params: { id: String(ticket.number) } });
    },
    onError: (error) => form.setErrors(faultsByField(error)),
  });
  const chosen = service.categories.find(({ name }) => name === form.values.category);
  return (
    <Page title={t("new.title")}>
      <Paper withBorder p="lg" className={classes.form}>
        <form onSubmit={form.onSubmit((values) => open.mutate(values))} noValidate>
          <Stack gap="lg">
            {open.error && (
              <Alert color="red" role="alert">
                {open.error.message}
              </Alert>
            )}
            <TextInput
              label={t("new.subject")}
              description={t("new.subjectHint")}
              required
              maxLength={200}
              {...form.getInputProps("subject")}
            />
            <Select
              label={t("new.category")}
              description={chosen?.description ?? t("new.categoryHint")}
              placeholder={t("new.categoryNone")}
              clearable
              data={service.categories.map(({ name, title }) => ({ value: name, label: title }))}
              {...form.getInputProps("category")}
              value={form.values.category || null}
              onChange={(value) => form.setFieldValue("category", value ?? "")}
            />
            <Radio.Group
              label={t("new.severity")}
              description={t("new.severityHint")}
              {...form.getInputProps("severity")}
            >
              <Stack gap="xs" mt="xs">
                {service.severities.map((severity) => (
                  <SeverityChoice key={severity.severity} severity={severity} promises={service.promises} />
                ))}
              </Stack>
            </Radio.Group>
            <div {...files.taking}>
              <Textarea
                label={t("new.message")}
                description={t("new.messageHint")}
                required
                autosize
                minRows={6}
                maxRows={20}
                {...form.getInputProps("message")}
              />
            </div>
            <Files files={files} />
            <Group justify="flex-end">
              <Button type="submit" loading={open.isPending} disabled={files.isBusy}>
                {t("new.send")}
              </Button>
            </Group>
          </Stack>
        </form>
      </Paper>
    </Page>
  );
}

interface SeverityChoiceProps {
  severity: Schemas["PortalSeverity"];
  promises: Schemas["PortalPromise"][];
}

/** A severity as the pack defines it, with the first answer that is promised for it. */
function SeverityChoice({ severity, promises }: SeverityChoiceProps) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const answer = promises.find(
    (promise) => promise.severity === severity.severity && promise.commitment === "first_response",
  );
  return (
    <Radio.Card value={severity.severity} className={classes.choice ?? ""} radius="md">
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Radio.Indicator mt={2} />
        <div>
          <Severity severity={severity.severity} />
          <Text size="sm" c="dimmed" mt={2}>
            {severity.definition.join(" · ")}
          </Text>
          {answer && (
            <Text size="sm" mt={2}>
              {t("new.answered", { span: format.span(answer.target_seconds, "long") })}
            </Text>
          )}
        </div>
      </Group>
    </Radio.Card>
  );
}
