// Who is on call, until when, by which layers, and who stands in.
import { ActionIcon, Button, Group, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconX } from "@tabler/icons-react";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { versioned } from "@/api/versioned";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { type Team, useAgents } from "@/features/directory/directory";
import { Dialog } from "@/parts/dialog";
import { Name } from "@/parts/name";
import { Refusal } from "@/parts/refusal";
import { Failure, LoadingRows } from "@/parts/states";
import { RotaForm } from "./rota-form";
import classes from "./teams.module.css";

/** Who is on call in a team now, and by which rota. */
export const dutyQuery = (team: string) =>
  queryOptions({
    queryKey: ["teams", "on-call", team],
    queryFn: () => versioned(api.GET("/api/v1/teams/{id}/on-call", { params: { path: { id: team } } })),
  });

export function OnCall({ team }: { team: Team }) {
  const { t } = useTranslation("teams");
  const format = useFormats();
  const queries = useQueryClient();
  const mayUpdate = useMay("team.update");
  const [dialog, setDialog] = useState<"cover" | "rota">();
  const close = () => setDialog(undefined);
  const duty = useQuery(dutyQuery(team.id));
  const remove = useMutation({
    mutationFn: (cover: string) =>
      api.DELETE("/api/v1/teams/{id}/on-call/covers/{cover}", { params: { path: { id: team.id, cover } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["teams"] }),
  });
  if (duty.isPending) return <LoadingRows rows={4} />;
  if (duty.isLoadingError) return <Failure error={duty.error} onRetry={() => void duty.refetch()} />;
  const { on_call, layers, covers } = duty.data.value;
  return (
    <div>
      <Title order={3} mb="xs">
        {t("onCall")}
      </Title>
      {on_call.length === 0 && <Text c="dimmed">{t("nobody")}</Text>}
      <ul className={classes.plain}>
        {on_call.map(({ agent, layer, until, cover }) => (
          <li key={agent + layer} className={classes.duty}>
            <Text fw={550}>
              <Name id={agent} />
            </Text>
            <Text size="xs" c="dimmed">
              {[layer, cover && t("standsIn"), until && t("until", { at: format.instant(until) })]
                .filter(Boolean)
                .join(" · ")}
            </Text>
          </li>
        ))}
        {layers.map((layer) => (
          <li key={layer.name} className={classes.duty}>
            <Text size="sm" fw={550}>
              {layer.name}
            </Text>
            <Text size="xs" c="dimmed">
              {t("turn", { count: layer.turn_days })} ·{" "}
              {t("handOver", { time: layer.hand_over.slice(0, 5), zone: layer.time_zone })}
              {layer.hours && ` · ${layer.hours}`}
            </Text>
            <Text size="sm">
              {layer.agents.map((agent, index) => (
                <span key={agent}>
                  {index > 0 && " → "}
                  <Name id={agent} />
                </span>
              ))}
            </Text>
          </li>
        ))}
        {covers.map((cover) => (
          <li key={cover.id} className={classes.duty}>
            <Group wrap="nowrap" gap="xs">
              <div className={classes.name}>
                <Text size="sm">
                  <Name id={cover.agent} /> · {t("standsIn")} ({cover.layer})
                </Text>
                <Text size="xs" c="dimmed">
                  {format.instant(cover.from)} – {format.instant(cover.until)} {cover.reason && `· ${cover.reason}`}
                </Text>
              </div>
              {mayUpdate && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={t("removeCover")}
                  loading={remove.isPending && remove.variables === cover.id}
                  onClick={() => remove.mutate(cover.id)}
                >
                  <IconX size={16} aria-hidden />
                </ActionIcon>
              )}
            </Group>
          </li>
        ))}
      </ul>
      {mayUpdate && (
        <Group gap="xs" mt="sm">
          <Button size="compact-sm" variant="default" onClick={() => setDialog("rota")}>
            {t(layers.length > 0 ? "rota.change" : "rota.set")}
          </Button>
          {layers.length > 0 && (
            <Button size="compact-sm" variant="default" onClick={() => setDialog("cover")}>
              {t("addCover")}
            </Button>
          )}
        </Group>
      )}
      <Dialog opened={dialog === "cover"} onClose={close} title={t("addCover")}>
        <CoverForm team={team} layers={layers.map(({ name }) => name)} onDone={close} />
      </Dialog>
      <Dialog opened={dialog === "rota"} onClose={close} title={t("rota.title", { team: team.name })} size="lg">
        <RotaForm team={team} duty={duty.data} onDone={close} />
      </Dialog>
    </div>
  );
}

interface CoverFormProps {
  team: Team;
  layers: string[];
  onDone: () => void;
}

function CoverForm({ team, layers, onDone }: CoverFormProps) {
  const { t } = useTranslation("teams");
  const { t: common } = useTranslation();
  const agents = useAgents();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { agent: "", layer: layers[0] ?? "", from: "", until: "", reason: "" } });
  const add = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ agent, layer, from, until, reason }: typeof form.values) =>
      data(
        api.POST("/api/v1/teams/{id}/on-call/covers", {
          params: { path: { id: team.id } },
          body: {
            agent,
            layer,
            from: from ? new Date(from).toISOString() : null,
            until: new Date(until).toISOString(),
            reason: reason.trim() || null,
          },
          headers: onceKey(),
        }),
      ),
    onSuccess: onDone,
    onError: (error) => form.setErrors(faultsByField(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["teams"] }),
  });
  return (
    <form onSubmit={form.onSubmit((values) => add.mutate(values))}>
      <Stack>
        <Refusal error={add.error} />
        <Select
          label={t("who")}
          required
          searchable
          data={team.members.map((id) => ({ value: id, label: agents.get(id)?.name ?? id }))}
          {...form.getInputProps("agent")}
        />
        <Select label={t("layer")} allowDeselect={false} data={layers} {...form.getInputProps("layer")} />
        <Group grow>
          <TextInput type="datetime-local" label={t("from")} {...form.getInputProps("from")} />
          <TextInput type="datetime-local" label={t("to")} required {...form.getInputProps("until")} />
        </Group>
        <TextInput label={t("reason")} {...form.getInputProps("reason")} />
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            {common("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
