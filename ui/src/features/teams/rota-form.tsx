// The layers of a rota: who takes turns, from when on, and when one hands over to the next.
import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem, api, data, type Schemas } from "@/api/client";
import { ifUnchanged, type Versioned } from "@/api/versioned";
import { serviceNow } from "@/app/time";
import { type Team, useAgents } from "@/features/directory/directory";
import { usePolicy } from "@/features/policy/policy";
import { Refusal } from "@/parts/refusal";
import { mondayOf } from "./week";

type Layer = Schemas["OnCallLayer"];

interface RotaFormProps {
  team: Team;
  /** The rota as it was when the form was opened. */
  duty: Versioned<Schemas["Duty"]>;
  onDone: () => void;
}

/** The faults of a refused rota, by the field of the form that each stands in. */
function faultsOf(error: unknown): Record<string, string> {
  if (!(error instanceof ApiProblem)) return {};
  return Object.fromEntries(
    error.faults.map(({ pointer, detail }) => [(pointer ?? "").slice(1).replaceAll("/", "."), detail]),
  );
}

export function RotaForm({ team, duty: read, onDone }: RotaFormProps) {
  const { t } = useTranslation("teams");
  const { t: common } = useTranslation();
  const agents = useAgents();
  const calendars = usePolicy()?.calendars ?? [];
  const queries = useQueryClient();
  // As it was when the form was opened: what is read again meanwhile must not make an old form look new.
  const [duty] = useState(read);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const fresh = (): Layer => ({
    name: "",
    agents: team.members,
    starts_on: mondayOf(serviceNow()),
    hand_over: "09:00",
    time_zone: zone,
    turn_days: 7,
    hours: null,
  });
  const form = useForm<{ layers: Layer[] }>({
    initialValues: {
      layers:
        duty.value.layers.length > 0
          ? duty.value.layers.map((layer) => ({ ...layer, hand_over: layer.hand_over.slice(0, 5) }))
          : [{ ...fresh(), name: "primary" }],
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: Schemas["RotaInput"]) =>
      data(
        api.PUT("/api/v1/teams/{id}/on-call", {
          params: { path: { id: team.id }, header: ifUnchanged(duty) },
          body,
        }),
      ),
    onSuccess: onDone,
    onError: (error) => form.setErrors(faultsOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["teams"] }),
  });
  const { layers } = form.values;
  const zones = [
    ...new Set([zone, ...layers.map(({ time_zone }) => time_zone), ...Intl.supportedValuesOf("timeZone")]),
  ];
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t("rota.lead")}
        </Text>
        <Refusal error={save.error} />
        {layers.length === 0 && <Text c="dimmed">{t("rota.none")}</Text>}
        {layers.map((layer, index) => {
          const at = (field: keyof Layer) => form.getInputProps(`layers.${index}.${field}`);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a layer is known by its place while its name is typed.
            <Fieldset key={index} legend={t("rota.layer", { place: index + 1 })}>
              <Stack gap="xs">
                <Group align="end" wrap="nowrap">
                  <TextInput label={t("rota.name")} required style={{ flex: 1 }} {...at("name")} />
                  <ActionIcon
                    variant="default"
                    size={34}
                    aria-label={t("rota.up", { place: index + 1 })}
                    disabled={index === 0}
                    onClick={() => form.reorderListItem("layers", { from: index, to: index - 1 })}
                  >
                    <IconArrowUp size={16} aria-hidden />
                  </ActionIcon>
                  <ActionIcon
                    variant="default"
                    size={34}
                    aria-label={t("rota.down", { place: index + 1 })}
                    disabled={index === layers.length - 1}
                    onClick={() => form.reorderListItem("layers", { from: index, to: index + 1 })}
                  >
                    <IconArrowDown size={16} aria-hidden />
                  </ActionIcon>
                  <ActionIcon
                    variant="default"
                    size={34}
                    aria-label={t("rota.removeLayer", { place: index + 1 })}
                    onClick={() => form.removeListItem("layers", index)}
                  >
                    <IconTrash size={16} aria-hidden />
                  </ActionIcon>
                </Group>
                <MultiSelect
                  label={t("rota.agents")}
                  description={t("rota.agentsHint")}
                  searchable
                  required
                  data={[...new Set([...team.members, ...layer.agents])].map((id) => ({
                    value: id,
                    label: agents.get(id)?.name ?? id,
                  }))}
                  {...at("agents")}
                />
                <Group grow align="start">
                  <TextInput type="date" label={t("rota.startsOn")} required {...at("starts_on")} />
                  <NumberInput label={t("rota.turnDays")} min={1} max={366} required {...at("turn_days")} />
                </Group>
                <Group grow align="start">
                  <TextInput type="time" label={t("rota.handOver")} required {...at("hand_over")} />
                  <Select
                    label={t("rota.timeZone")}
                    searchable
                    allowDeselect={false}
                    limit={40}
                    data={zones}
                    {...at("time_zone")}
                  />
                </Group>
                <Select
                  label={t("rota.hours")}
                  placeholder={t("rota.always")}
                  clearable
                  data={[...new Set([...calendars.map(({ name }) => name), ...(layer.hours ? [layer.hours] : [])])]}
                  {...at("hours")}
                />
              </Stack>
            </Fieldset>
          );
        })}
        <Group justify="space-between">
          <Button variant="default" onClick={() => form.insertListItem("layers", fresh())}>
            {t("rota.addLayer")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {common("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
