// The views that everybody sees, and one's own: renamed, shared, removed. They are made in the inbox.
import { Button, Group, NumberInput, Stack, Switch, Table, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onVersion, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { Dialog } from "@/parts/dialog";
import { Name } from "@/parts/name";
import { Refusal } from "@/parts/refusal";
import classes from "./admin.module.css";
import { Section, useConfirm } from "./frame";
import { EditAndRemove, ListTable } from "./list-table";
import { useListing, versioned } from "./listing";

type View = Schemas["View"];

export function Views() {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const confirm = useConfirm();
  const [edited, edit] = useState<View | null>(null);
  const views = useListing(["views", "kept"], (cursor) =>
    data(api.GET("/api/v1/views", { params: { query: { limit: 100, cursor } } })),
  );
  const remove = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/views/{id}", { params: { path: { id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["views"] }),
  });
  return (
    <Section title={t("views.nav")} lead={t("views.lead")}>
      <ListTable
        query={views}
        empty={{ title: t("views.none"), hint: t("views.noneHint") }}
        label={t("views.nav")}
        heads={[t("views.name"), t("views.owner"), t("views.query")]}
        hasActions
      >
        {(view) => (
          <Table.Tr key={view.id}>
            <Table.Td fw={550}>{view.name}</Table.Td>
            <Table.Td>{view.owner ? <Name id={view.owner} /> : t("everybody")}</Table.Td>
            <Table.Td className={classes.code}>{decodeURIComponent(view.query)}</Table.Td>
            <EditAndRemove
              name={view.name}
              onEdit={() => edit(view)}
              onRemove={() => confirm(t("views.removeAsk", { name: view.name }), () => remove.mutate(view.id))}
            />
          </Table.Tr>
        )}
      </ListTable>
      {edited && <ViewDialog view={edited} onClose={() => edit(null)} />}
    </Section>
  );
}

function ViewDialog({ view, onClose }: { view: View; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const path = { id: view.id };
  const read = useQuery({
    queryKey: ["view", view.id],
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => versioned(api.GET("/api/v1/views/{id}", { params: { path } })),
  });
  const [name, setName] = useState(view.name);
  const [position, setPosition] = useState<number | string>(view.position);
  const [shared, setShared] = useState(!view.owner);
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () =>
      data(
        api.PATCH("/api/v1/views/{id}", {
          params: { path, header: onVersion(read.data?.version ?? "") },
          body: { name, position: Number(position), ...(shared !== !view.owner && { shared }) },
        }),
      ),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["views"] }),
  });
  const faults = faultsByField(save.error);
  return (
    <Dialog opened onClose={onClose} title={t("views.change")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <Refusal error={save.error ?? read.error} />
          <TextInput
            label={t("views.name")}
            required
            data-autofocus
            value={name}
            error={faults.name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NumberInput label={t("views.position")} value={position} onChange={setPosition} />
          <Switch
            label={t("views.shared")}
            checked={shared}
            onChange={({ currentTarget }) => setShared(currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!read.data}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
