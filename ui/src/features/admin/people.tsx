// The people who serve: made, changed, given a password, let go.
import {
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Stack,
  Switch,
  Table,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, onVersion } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { useMay } from "@/app/session";
import { type Agent, agentsQuery } from "@/features/directory/directory";
import { Avatar } from "@/parts/avatar";
import { Dialog } from "@/parts/dialog";
import { Password } from "@/parts/password";
import { Refusal } from "@/parts/refusal";
import { useRoleName } from "@/parts/role-name";
import { Wide } from "@/parts/wide";
import { AccessDialog } from "./access-dialog";
import classes from "./admin.module.css";
import { Loaded, Section } from "./frame";
import { versioned } from "./listing";
import { useRoles } from "./role-list";
import { State } from "./state";

/** More tickets than anybody takes at once. */
const MOST_TICKETS = 100_000;

type Opened = { what: "agent"; agent: Agent | null } | { what: "password" | "access"; agent: Agent };

export function People() {
  const { t } = useTranslation("admin");
  const roleName = useRoleName();
  const may = useMay("agent.update");
  const agents = useQuery(agentsQuery);
  const [opened, open] = useState<Opened | null>(null);
  const close = () => open(null);
  return (
    <Section
      title={t("people.nav")}
      lead={t("people.lead")}
      actions={may && <Button onClick={() => open({ what: "agent", agent: null })}>{t("people.new")}</Button>}
    >
      <Loaded query={agents}>
        {(all) => (
          <Wide label={t("people.nav")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("people.name")}</Table.Th>
                  <Table.Th>{t("people.roles")}</Table.Th>
                  <Table.Th>{t("people.capacity")}</Table.Th>
                  <Table.Th>{t("people.timeZone")}</Table.Th>
                  <Table.Th>{t("state")}</Table.Th>
                  {may && (
                    <Table.Th>
                      <span className="unseen">{t("actions")}</span>
                    </Table.Th>
                  )}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((agent) => (
                  <Table.Tr key={agent.id}>
                    <Table.Td>
                      <Group gap="xs" wrap="nowrap">
                        <Avatar name={agent.name} />
                        <Stack gap={0}>
                          <Text fw={550}>{agent.name}</Text>
                          <Text size="sm" c="dimmed" className={classes.part ?? ""}>
                            <BrokenAddress address={agent.email} />
                          </Text>
                        </Stack>
                      </Group>
                    </Table.Td>
                    <Table.Td>{agent.roles.map(roleName).join(", ")}</Table.Td>
                    <Table.Td className="tabular">{agent.capacity}</Table.Td>
                    <Table.Td>{agent.time_zone}</Table.Td>
                    <Table.Td>
                      <State
                        state={agent.active ? "active" : "inactive"}
                        word={t(agent.active ? "people.active" : "people.inactive")}
                      />
                    </Table.Td>
                    {may && (
                      <Table.Td>
                        <Group gap={4} className={classes.rowActions ?? ""}>
                          <Button size="compact-sm" variant="default" onClick={() => open({ what: "agent", agent })}>
                            {t("edit")}
                            <span className="unseen"> {agent.name}</span>
                          </Button>
                          <Button size="compact-sm" variant="default" onClick={() => open({ what: "access", agent })}>
                            {t("people.access")}
                            <span className="unseen"> {agent.name}</span>
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
      {opened?.what === "agent" && <AgentDialog agent={opened.agent} onClose={close} />}
      {opened?.what === "access" && (
        <AccessDialog
          agent={opened.agent}
          onClose={close}
          onPassword={() => open({ what: "password", agent: opened.agent })}
        />
      )}
      {opened?.what === "password" && <PasswordDialog agent={opened.agent} onClose={close} />}
    </Section>
  );
}

/** An address that goes on below before its `@` where there is no room for it. */
function BrokenAddress({ address }: { address: string }) {
  const at = address.lastIndexOf("@");
  return (
    <>
      {address.slice(0, at)}
      <wbr />
      {address.slice(at)}
    </>
  );
}

/** A new agent, or one who is there, changed on the version that is read when the dialog opens. */
function AgentDialog({ agent, onClose }: { agent: Agent | null; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const roles = useRoles().map(({ name }) => name);
  const roleName = useRoleName();
  const read = useQuery({
    queryKey: ["agent", agent?.id],
    enabled: agent !== null,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => versioned(api.GET("/api/v1/agents/{id}", { params: { path: { id: agent?.id ?? "" } } })),
  });
  const form = useForm({
    initialValues: {
      name: agent?.name ?? "",
      email: agent?.email ?? "",
      roles: agent?.roles ?? ["agent"],
      skills: agent?.skills ?? [],
      languages: agent?.languages ?? [],
      capacity: agent?.capacity ?? 20,
      time_zone: agent?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      active: agent?.active ?? true,
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: typeof form.values) =>
      agent
        ? data(
            api.PATCH("/api/v1/agents/{id}", {
              params: { path: { id: agent.id }, header: onVersion(read.data?.version ?? "") },
              body,
            }),
          )
        : data(api.POST("/api/v1/agents", { body, headers: onceKey() })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["agents"] });
      onClose();
    },
    onError: (error) => {
      form.setErrors(faultsByField(error));
      void queries.invalidateQueries({ queryKey: ["agents"] });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={agent ? t("people.change", { name: agent.name }) : t("people.new")}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <Refusal error={save.error ?? read.error} />
          <TextInput label={t("people.name")} required data-autofocus {...form.getInputProps("name")} />
          <TextInput
            label={t("people.email")}
            {...(!agent && { description: t("people.emailHint") })}
            type="email"
            required
            {...form.getInputProps("email")}
          />
          <MultiSelect
            label={t("people.roles")}
            data={[...new Set([...roles, ...form.values.roles])].map((role) => ({
              value: role,
              label: roleName(role),
            }))}
            {...form.getInputProps("roles")}
          />
          <TagsInput
            label={t("people.skills")}
            description={t("people.skillsHint")}
            {...form.getInputProps("skills")}
          />
          <TagsInput
            label={t("people.languages")}
            description={t("people.languagesHint")}
            {...form.getInputProps("languages")}
          />
          <NumberInput
            label={t("people.capacity")}
            description={t("people.capacityHint")}
            min={0}
            max={MOST_TICKETS}
            required
            {...form.getInputProps("capacity")}
          />
          <TextInput label={t("people.timeZone")} required {...form.getInputProps("time_zone")} />
          <Switch label={t("people.activeHint")} {...form.getInputProps("active", { type: "checkbox" })} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={agent !== null && !read.data}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function PasswordDialog({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const [password, setPassword] = useState("");
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () =>
      api.PUT("/api/v1/agents/{id}/password", { params: { path: { id: agent.id } }, body: { password } }),
    onSuccess: () => {
      notifications.show({ message: t("people.passwordSet", { name: agent.name }) });
      onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("people.passwordOf", { name: agent.name })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <Refusal error={save.error} />
          <Password
            label={t("people.password")}
            description={t("people.passwordHint")}
            autoComplete="new-password"
            minLength={10}
            required
            data-autofocus
            value={password}
            error={faultsByField(save.error).password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
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
