// The mailboxes: how each does, and setting up, testing, pausing and removing those that the settings do not name.
import { Badge, Button, Code, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { ifUnchanged, type Versioned, versioned } from "@/api/versioned";
import { useFormats } from "@/app/format";
import { Dialog } from "@/parts/dialog";
import { Name } from "@/parts/name";
import classes from "./admin.module.css";
import { Loaded, useConfirm } from "./frame";
import { MailTest } from "./mail-test";
import { MailboxForm } from "./mailbox-form";
import { State } from "./state";

type Mailbox = Schemas["MailboxState"];
type Health = Schemas["MailHealth"];
type Step = "reach" | "sign_in" | "open_folder" | "hand_over";

/** How often it is asked how the mailboxes do, and which mail there is. */
export const EVERY = 5_000;

/** The mailboxes, and what came into each since the reader's midnight. */
export const mailboxesQuery = queryOptions({
  queryKey: ["mailboxes"],
  refetchInterval: EVERY,
  queryFn: async () => {
    const midnight = new Date(new Date().setHours(0, 0, 0, 0)).toISOString();
    return (await data(api.GET("/api/v1/mailboxes", { params: { query: { since: midnight } } }))).items;
  },
});

export function Mailboxes() {
  const { t } = useTranslation("admin");
  const mailboxes = useQuery(mailboxesQuery);
  const [opened, setOpened] = useState<"new" | Versioned<Schemas["Mailbox"]>>();
  const [tested, setTested] = useState<{ id: string; address: string }>();
  const open = useMutation({
    mutationFn: (id: string) => versioned(api.GET("/api/v1/mailboxes/{id}", { params: { path: { id } } })),
    onSuccess: setOpened,
  });
  return (
    <Stack component="section" gap="sm" mb="lg" aria-label={t("mailboxes.title")}>
      <Group justify="space-between">
        <Title order={3}>{t("mailboxes.title")}</Title>
        <Button onClick={() => setOpened("new")}>{t("mailboxes.add")}</Button>
      </Group>
      <Loaded query={mailboxes} empty={{ title: t("mailboxes.none"), hint: t("mailboxes.noneHint") }}>
        {(all) => (
          <>
            {all.map((mailbox) => (
              <OneMailbox
                key={mailbox.id ?? `${mailbox.address} ${mailbox.incoming?.folder}`}
                mailbox={mailbox}
                onChange={(id) => open.mutate(id)}
                onTest={(id) => setTested({ id, address: mailbox.address })}
              />
            ))}
            <MailTest />
          </>
        )}
      </Loaded>
      {opened && (
        <Dialog
          opened
          size="xl"
          onClose={() => setOpened(undefined)}
          title={opened === "new" ? t("mailboxes.add") : t("mailboxes.change", { address: opened.value.address })}
        >
          <MailboxForm
            {...(opened !== "new" && { read: opened })}
            word={t("mailboxes.save")}
            onCancel={() => setOpened(undefined)}
            onSaved={({ id, address }) => {
              setOpened(undefined);
              if (id) setTested({ id, address });
            }}
          />
        </Dialog>
      )}
      {tested && (
        <Dialog
          opened
          size="lg"
          onClose={() => setTested(undefined)}
          title={t("mailboxes.testOf", { address: tested.address })}
        >
          <MailTest mailbox={tested.id} />
        </Dialog>
      )}
    </Stack>
  );
}

interface OneMailboxProps {
  mailbox: Mailbox;
  onChange: (id: string) => void;
  onTest: (id: string) => void;
}

function OneMailbox({ mailbox, onChange, onTest }: OneMailboxProps) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const { id, address, incoming, outgoing, reading, sending, received, active, team } = mailbox;
  const isFailing = Boolean((incoming && reading.step) || (outgoing && sending.step));
  const isKnown = Boolean(reading.worked_at || sending.worked_at);
  const state = !active ? "paused" : isFailing ? "failing" : isKnown ? "active" : "waiting";
  return (
    <Paper withBorder p="md" component="article" aria-label={address}>
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} flex="1 1 20rem" miw={0}>
          <Group gap="xs">
            <Text fw={550}>{address}</Text>
            <State state={state} word={t(`mailboxes.is.${state}`)} />
            {!id && <Badge variant="light">{t("mailboxes.ofSettings")}</Badge>}
          </Group>
          {incoming && (
            <Line health={reading}>
              {t("mailboxes.fetched", { host: incoming.host, folder: incoming.folder })}{" "}
              {reading.worked_at && t("mailboxes.lastRead", { at: format.instant(reading.worked_at) })}{" "}
              {t("mailboxes.today", { count: received, shown: format.number(received) })}
            </Line>
          )}
          {outgoing && (
            <Line health={sending}>
              {t("mailboxes.sent", { host: outgoing.host })}{" "}
              {sending.worked_at && t("mailboxes.lastSent", { at: format.instant(sending.worked_at) })}
            </Line>
          )}
          {team && (
            <Text size="sm">
              {t("mailboxes.goesTo")} <Name id={team} />
            </Text>
          )}
          {!active && <Text size="sm">{t("mailboxes.pausedHint")}</Text>}
        </Stack>
        {id ? (
          <Actions id={id} mailbox={mailbox} onChange={onChange} onTest={onTest} />
        ) : (
          <Text size="sm" c="dimmed" maw="16rem">
            {t("mailboxes.readOnly")}
          </Text>
        )}
      </Group>
    </Paper>
  );
}

function Actions({ id, mailbox: { address, active }, onChange, onTest }: OneMailboxProps & { id: string }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const confirm = useConfirm();
  const onSettled = () => queries.invalidateQueries({ queryKey: ["mailboxes"] });
  const path = { id };
  const turn = useMutation({
    mutationFn: async () => {
      const read = await versioned(api.GET("/api/v1/mailboxes/{id}", { params: { path } }));
      const params = { path, header: ifUnchanged(read) };
      return data(api.PATCH("/api/v1/mailboxes/{id}", { params, body: { active: !active } }));
    },
    onSettled,
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/mailboxes/{id}", { params: { path } }),
    onSettled,
  });
  const of = <span className="unseen"> {address}</span>;
  return (
    <Group gap={4}>
      <Button size="compact-sm" variant="default" onClick={() => onTest(id)}>
        {t("mailboxes.test")}
        {of}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => onChange(id)}>
        {t("edit")}
        {of}
      </Button>
      <Button size="compact-sm" variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
        {t(active ? "mailboxes.pause" : "mailboxes.resume")}
        {of}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => confirm(t("mailboxes.removeAsk", { address }), () => remove.mutate())}
      >
        {t("remove")}
        {of}
      </Button>
    </Group>
  );
}

/** What a server does, or what went wrong with it and how to mend that. */
function Line({ health, children }: { health: Health; children: ReactNode }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const step = health.step as Step | null | undefined;
  return (
    <div>
      <Text size="sm">{children}</Text>
      {step && (
        <Text size="sm" component="div">
          {health.failed_at && format.instant(health.failed_at)}: {t(`mailTest.failed.${step}`)}{" "}
          {t(`mailboxes.mend.${step}`)}
          <Code block mt={4} className={classes.said ?? ""}>
            {health.reason}
          </Code>
        </Text>
      )}
    </div>
  );
}
