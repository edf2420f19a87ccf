// The teams: made and changed, with their members, how much each carries, their hours, and who is on call without a rota.
import { Button, Group, MultiSelect, NumberInput, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { ifUnchanged, type Versioned, versioned } from "@/api/versioned";
import { useMay } from "@/app/session";
import { type Agent, agentsQuery, type Team, teamsQuery, useAgents } from "@/features/directory/directory";
import { usePolicy } from "@/features/policy/policy";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { useRoleName } from "@/parts/role-name";
import { Wide } from "@/parts/wide";
import { Loaded, Section } from "./frame";

/** What is open: a new team, or one that was read to be changed. */
type Opened = "new" | Versioned<Team>;

export function Teams() {
  const { t } = useTranslation("admin");
  const may = useMay("team.update");
  const teams = useQuery(teamsQuery);
  const agents = useAgents();
  const [opened, setOpened] = useState<Opened>();
  // A change goes back with the version that was read when it began.
  const open = useMutation({
    mutationFn: (id: string) => versioned(api.GET("/api/v1/teams/{id}", { params: { path: { id } } })),
    onSuccess: setOpened,
  });
  const names = (ids: string[]) => ids.map((id) => agents.get(id)?.name ?? "…").join(", ");
  return (
    <Section
      title={t("teams.nav")}
      lead={t("teams.lead")}
      actions={may && <Button onClick={() => setOpened("new")}>{t("teams.new")}</Button>}
    >
      <Loaded query={teams} empty={{ title: t("teams.none"), hint: t("teams.lead") }}>
        {(all) => (
          <Wide label={t("teams.nav")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("teams.name")}</Table.Th>
                  <Table.Th>{t("teams.members")}</Table.Th>
                  <Table.Th>{t("teams.capacity")}</Table.Th>
                  <Table.Th>{t("teams.calendar")}</Table.Th>
                  {may && (
                    <Table.Th>
                      <span className="unseen">{t("actions")}</span>
                    </Table.Th>
                  )}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((team) => (
                  <Table.Tr key={team.id}>
                    <Table.Td>
                      <Text fw={550}>{team.name}</Text>
                      <Text size="sm" c="dimmed">
                        {team.email}
                      </Text>
                    </Table.Td>
                    <Table.Td maw="24rem">{names(team.members)}</Table.Td>
                    <Table.Td className="tabular">{capacityOf(team, agents)}</Table.Td>
                    <Table.Td>{team.calendar ?? t("teams.defaultCalendar")}</Table.Td>
                    {may && (
                      <Table.Td>
                        <Group gap={4} wrap="nowrap" justify="flex-end">
                          <Button
                            size="compact-sm"
                            variant="default"
                            loading={open.isPending && open.variables === team.id}
                            onClick={() => open.mutate(team.id)}
                          >
                            {t("edit")}
                            <span className="unseen"> {team.name}</span>
                          </Button>
                          <Button
                            size="compact-sm"
                            variant="default"
                            renderRoot={(props) => <Link {...props} to="/teams" />}
                          >
                            {t("teams.onCallRota")}
                          </Button>
                        </Group>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
      {opened && <TeamDialog opened={opened} onClose={() => setOpened(undefined)} />}
    </Section>
  );
}

/** How many tickets the members who work take at once. */
function capacityOf(team: Team, agents: Map<string, Agent>): number {
  return team.members.reduce((sum, id) => {
    const agent = agents.get(id);
    return sum + (agent?.active ? agent.capacity : 0);
  }, 0);
}

function TeamDialog({ opened, onClose }: { opened: Opened; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const roleName = useRoleName();
  const queries = useQueryClient();
  const agents = useQuery(agentsQuery).data ?? [];
  const calendars = usePolicy()?.calendars ?? [];
  const mayChangeAgents = useMay("agent.update");
  // As it was when the dialog opened: what is read again meanwhile must not make an old form look new.
  const [read] = useState(opened === "new" ? undefined : opened);
  const [capacities, setCapacities] = useState<Record<string, number>>({});
  const was = read?.value;
  const form = useForm({
    initialValues: {
      name: was?.name ?? "",
      email: was?.email ?? "",
      calendar: was?.calendar ?? null,
      members: was?.members ?? [],
      on_call: was?.on_call ?? [],
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (values: typeof form.values) => {
      const body = {
        ...values,
        email: values.email.trim() || null,
        on_call: values.on_call.filter((id) => values.members.includes(id)),
      };
      if (read) {
        const params = { path: { id: read.value.id }, header: ifUnchanged(read) };
        await data(api.PATCH("/api/v1/teams/{id}", { params, body }));
      } else {
        await data(api.POST("/api/v1/teams", { body, headers: onceKey() }));
      }
      for (const [id, capacity] of Object.entries(capacities)) await setCapacity(id, capacity);
    },
    onSuccess: onClose,
    onError: (error) => form.setErrors(faultsByField(error)),
    onSettled: () => {
      for (const noun of ["teams", "agents", "tickets"]) void queries.invalidateQueries({ queryKey: [noun] });
    },
  });
  const choices = agents
    .filter(({ active, id }) => active || was?.members.includes(id))
    .map(({ id, name }) => ({ value: id, label: name }));
  const members = agents.filter(({ id }) => form.values.members.includes(id));
  return (
    <Dialog opened onClose={onClose} title={was ? t("teams.change", { name: was.name }) : t("teams.new")} size="lg">
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <Refusal error={save.error} />
          <TextInput label={t("teams.name")} required data-autofocus {...form.getInputProps("name")} />
          <TextInput
            label={t("teams.email")}
            description={t("teams.emailHint")}
            type="email"
            {...form.getInputProps("email")}
          />
          <Select
            label={t("teams.calendar")}
            placeholder={t("teams.defaultCalendar")}
            clearable
            data={[...new Set([...calendars.map(({ name }) => name), ...(was?.calendar ? [was.calendar] : [])])]}
            {...form.getInputProps("calendar")}
          />
          <MultiSelect label={t("teams.members")} searchable data={choices} {...form.getInputProps("members")} />
          {members.length > 0 && (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("people.name")}</Table.Th>
                  <Table.Th>{t("people.roles")}</Table.Th>
                  <Table.Th w="9rem">{t("people.capacity")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {members.map((agent) => (
                  <Table.Tr key={agent.id}>
                    <Table.Td>{agent.name}</Table.Td>
                    <Table.Td>{agent.roles.map(roleName).join(", ")}</Table.Td>
                    <Table.Td>
                      {mayChangeAgents ? (
                        <NumberInput
                          size="xs"
                          min={0}
                          aria-label={t("teams.capacityOf", { name: agent.name })}
                          value={capacities[agent.id] ?? agent.capacity}
                          onChange={(value) => setCapacities({ ...capacities, [agent.id]: Number(value) || 0 })}
                        />
                      ) : (
                        agent.capacity
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
          <MultiSelect
            label={t("teams.onCall")}
            description={t("teams.onCallHint")}
            data={choices.filter(({ value }) => form.values.members.includes(value))}
            {...form.getInputProps("on_call")}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** Sets how many tickets somebody takes at once, and nothing else of what somebody may have changed meanwhile. */
async function setCapacity(id: string, capacity: number): Promise<void> {
  const agent = await versioned(api.GET("/api/v1/agents/{id}", { params: { path: { id } } }));
  if (agent.value.capacity === capacity) return;
  const params = { path: { id }, header: ifUnchanged(agent) };
  await data(api.PATCH("/api/v1/agents/{id}", { params, body: { capacity } }));
}
