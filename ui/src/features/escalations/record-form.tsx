// What a person records of an escalation: a form for each kind.
import { Button, Group, MultiSelect, Select, Stack, Switch, Textarea, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { useMay } from "@/app/session";
import { useAgents } from "@/features/directory/directory";
import { Refusal } from "@/parts/refusal";
import classes from "./escalations.module.css";
import { type EscalationRecord, escalationQuery } from "./queries";
import { offered, type RecordType, type RecordValues, recordOf } from "./rungs";

/** Records something of an escalation, and shows what became of it. */
export function useRecord(id: string) {
  const queries = useQueryClient();
  return useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: Schemas["EscalationRecordInput"]) =>
      data(api.POST("/api/v1/escalations/{id}/records", { params: { path: { id } }, body, headers: onceKey() })),
    onSuccess: (escalation) => queries.setQueryData(escalationQuery(id).queryKey, escalation),
    onSettled: () => queries.invalidateQueries({ queryKey: ["escalations"] }),
  });
}

const EMPTY: RecordValues = { text: "", agents: [], holds: true, cause: "", changes: "" };

export function RecordForm({ escalation }: { escalation: EscalationRecord }) {
  const { t } = useTranslation("escalations");
  const agents = useAgents();
  const types = offered(escalation.phase, { handle: useMay("escalation.handle"), review: useMay("escalation.review") });
  const [chosen, setChosen] = useState<RecordType>();
  const type = types.find((each) => each === chosen) ?? types[0];
  const form = useForm<RecordValues>({ initialValues: EMPTY });
  const record = useRecord(escalation.id);
  if (!type) return null;
  return (
    <section className={classes.card} aria-label={t("record")}>
      <Title order={2} mb="sm">
        {t("record")}
      </Title>
      <form
        onSubmit={form.onSubmit((values) =>
          record.mutate(recordOf(type, values), { onSuccess: () => form.setValues(EMPTY) }),
        )}
      >
        <Stack gap="sm">
          <Select
            label={t("what")}
            allowDeselect={false}
            value={type}
            data={types.map((value) => ({ value, label: t(`type.${value}`) }))}
            onChange={(value) => setChosen(types.find((each) => each === value))}
          />
          {type === "allocate_resources" && (
            <MultiSelect
              label={t("agents")}
              searchable
              data={[...agents.values()].map(({ id, name }) => ({ value: id, label: name }))}
              {...form.getInputProps("agents")}
            />
          )}
          {type === "verify" && <Switch label={t("holds")} {...form.getInputProps("holds", { type: "checkbox" })} />}
          <Textarea
            label={t(`text.${type}`)}
            required={type !== "allocate_resources"}
            autosize
            minRows={3}
            {...form.getInputProps("text")}
          />
          {type === "review" && (
            <>
              <Textarea label={t("cause")} required autosize minRows={2} {...form.getInputProps("cause")} />
              <Textarea label={t("changes")} required autosize minRows={2} {...form.getInputProps("changes")} />
            </>
          )}
          <Refusal error={record.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={record.isPending}>
              {t(`do.${type}`)}
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}
