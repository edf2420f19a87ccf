// Webhooks: who is told of what, every delivery with its payload, tried and sent again.
import { Button, Group, MultiSelect, Stack, Switch, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, onVersion, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { useFormats } from "@/app/format";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Deliveries } from "./deliveries";
import { Loaded, Section, useConfirm } from "./frame";
import { useListing, versioned } from "./listing";
import { SecretOnce } from "./secret-once";
import { State } from "./state";

type Webhook = Schemas["Webhook"];

export function Webhooks() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const [edited, edit] = useState<Webhook | "new" | null>(null);
  const [looked, look] = useState<Webhook | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const hooks = useListing(["webhooks"], (cursor) =>
    data(api.GET("/api/v1/webhooks", { params: { query: { limit: 50, cursor } } })),
  );
  const remove = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/webhooks/{id}", { params: { path: { id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const stateOf = (hook: Webhook) => (hook.failing_since ? "failing" : hook.active ? "active" : "inactive");
  return (
    <Section
      title={t("webhooks.nav")}
      lead={t("webhooks.lead")}
      actions={<Button onClick={() => edit("new")}>{t("webhooks.new")}</Button>}
    >
      {secret && <SecretOnce secret={secret} lead={t("webhooks.once")} onDone={() => setSecret(null)} />}
      <Loaded query={hooks} empty={{ title: t("webhooks.none"), hint: t("webhooks.noneHint") }}>
        {(all) => (
          <Wide label={t("webhooks.nav")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("webhooks.url")}</Table.Th>
                  <Table.Th>{t("webhooks.events")}</Table.Th>
                  <Table.Th>{t("state")}</Table.Th>
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((hook) => (
                  <Table.Tr key={hook.id}>
                    <Table.Td className={classes.code}>{hook.url}</Table.Td>
                    <Table.Td>
                      {hook.events.length === 0 || hook.events.includes("*")
                        ? t("webhooks.everything")
                        : format.list(hook.events)}
                    </Table.Td>
                    <Table.Td>
                      <State state={stateOf(hook)} word={t(`webhooks.${stateOf(hook)}`)} />
                      {hook.failing_since && (
                        <Text size="sm" c="dimmed">
                          {format.instant(hook.failing_since)}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Group gap={4} className={classes.rowActions ?? ""}>
                        <Button size="compact-sm" variant="default" onClick={() => look(hook)}>
                          {t("webhooks.deliveries")}
                        </Button>
                        <Button size="compact-sm" variant="default" onClick={() => edit(hook)}>
                          {t("edit")}
                        </Button>
                        <Button
                          size="compact-sm"
                          variant="default"
                          onClick={() =>
                            confirm(t("webhooks.removeAsk", { url: hook.url }), () => remove.mutate(hook.id))
                          }
                        >
                          {t("remove")}
                        </Button>
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
      {looked && <Deliveries hook={looked} onClose={() => look(null)} />}
      {edited && (
        <WebhookDialog
          hook={edited === "new" ? null : edited}
          onClose={() => edit(null)}
          onMade={(made) => setSecret(made)}
        />
      )}
    </Section>
  );
}

interface DialogProps {
  hook: Webhook | null;
  onClose: () => void;
  onMade: (secret: string) => void;
}

function WebhookDialog({ hook, onClose, onMade }: DialogProps) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const kinds = useQuery({ queryKey: ["webhook-events"], queryFn: () => data(api.GET("/api/v1/webhook-events")) });
  const read = useQuery({
    queryKey: ["webhook", hook?.id],
    enabled: hook !== null,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => versioned(api.GET("/api/v1/webhooks/{id}", { params: { path: { id: hook?.id ?? "" } } })),
  });
  const [url, setUrl] = useState(hook?.url ?? "");
  const [events, setEvents] = useState(hook?.events ?? []);
  const [messages, setMessages] = useState(hook?.include_messages ?? false);
  const [active, setActive] = useState(hook?.active ?? true);
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () => {
      const body = { url, events, include_messages: messages, active };
      if (!hook) return data(api.POST("/api/v1/webhooks", { body, headers: onceKey() }));
      const params = { path: { id: hook.id }, header: onVersion(read.data?.version ?? "") };
      return data(api.PATCH("/api/v1/webhooks/{id}", { params, body }));
    },
    onSuccess: (saved) => {
      if (!hook && saved.secret) onMade(saved.secret);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const faults = faultsByField(save.error);
  return (
    <Dialog opened onClose={onClose} title={t(hook ? "webhooks.change" : "webhooks.new")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <Refusal error={save.error ?? read.error} />
          <TextInput
            label={t("webhooks.url")}
            type="url"
            placeholder="https://"
            required
            data-autofocus
            value={url}
            error={faults.url}
            onChange={({ currentTarget }) => setUrl(currentTarget.value)}
          />
          <MultiSelect
            label={t("webhooks.events")}
            description={t("webhooks.eventsHint")}
            data={kinds.data?.items.map(({ name }) => name) ?? []}
            searchable
            clearable
            value={events}
            error={faults.events}
            onChange={setEvents}
          />
          <Switch
            label={t("webhooks.messages")}
            checked={messages}
            onChange={({ currentTarget }) => setMessages(currentTarget.checked)}
          />
          <Switch
            label={t("webhooks.active")}
            checked={active}
            onChange={({ currentTarget }) => setActive(currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={hook !== null && !read.data}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
