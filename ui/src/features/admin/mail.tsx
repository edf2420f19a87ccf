// Channels: mail that came in with the decision where it was filed and why, and mail that goes out.
import { Alert, Button, Group, NativeSelect, NumberInput, Stack, Table, Tabs, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { Side } from "@/parts/dialog";
import { Name } from "@/parts/name";
import { Refusal } from "@/parts/refusal";
import classes from "./admin.module.css";
import { Loaded, Section } from "./frame";
import { ListTable, RowAction, RowTitle } from "./list-table";
import { useListing } from "./listing";
import { EVERY, Mailboxes } from "./mailboxes";
import { State } from "./state";

export function Mail() {
  const { t } = useTranslation("admin");
  const may = useMay("settings.update");
  return (
    <Section title={t("mail.nav")} lead={t("mail.lead")}>
      {may && <Mailboxes />}
      <Tabs defaultValue="received" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="received">{t("mail.received")}</Tabs.Tab>
          <Tabs.Tab value="outgoing">{t("mail.outgoing")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="received">
          <Received />
        </Tabs.Panel>
        <Tabs.Panel value="outgoing">
          <Outgoing />
        </Tabs.Panel>
      </Tabs>
    </Section>
  );
}

const RECEIVED = ["new", "parsed", "held", "failed", "ignored"] as const;
const OUTGOING = ["queued", "sending", "sent", "retry", "dead"] as const;
type ReceivedState = (typeof RECEIVED)[number];
type OutgoingState = (typeof OUTGOING)[number];

interface StateFilterProps {
  states: readonly (ReceivedState | OutgoingState)[];
  value: string;
  onChange: (state: string) => void;
}

function StateFilter({ states, value, onChange }: StateFilterProps) {
  const { t } = useTranslation("admin");
  return (
    <NativeSelect
      label={t("state")}
      w="12rem"
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      data={[{ value: "", label: t("all") }, ...states.map((each) => ({ value: each, label: t(`mail.is.${each}`) }))]}
    />
  );
}

function Received() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const [state, setState] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const mails = useListing(
    ["mails", "received", state],
    (cursor) =>
      data(api.GET("/api/v1/mail/received", { params: { query: { limit: 50, cursor, ...(state && { state }) } } })),
    EVERY,
  );
  return (
    <Stack>
      <StateFilter states={RECEIVED} value={state} onChange={setState} />
      <ListTable
        query={mails}
        empty={{ title: t("mail.noReceived"), hint: t("mail.noReceivedHint") }}
        label={t("mail.received")}
        heads={[t("mail.at"), t("mail.sender"), t("state"), t("mail.why")]}
        hasActions
      >
        {(mail) => (
          <Table.Tr key={mail.id}>
            <Table.Td>{format.instant(mail.received_at)}</Table.Td>
            <Table.Td>{mail.decision?.sender ?? mail.source}</Table.Td>
            <Table.Td>
              <State state={mail.state} word={t(`mail.is.${mail.state as ReceivedState}`)} />
            </Table.Td>
            <Table.Td>{mail.error ?? mail.decision?.reason}</Table.Td>
            <Table.Td>
              <RowAction
                word={t("mail.open")}
                row={format.instant(mail.received_at)}
                onClick={() => setOpen(mail.id)}
              />
            </Table.Td>
          </Table.Tr>
        )}
      </ListTable>
      {open && <Letter id={open} onClose={() => setOpen(null)} />}
    </Stack>
  );
}

/** A received mail: why it stands where it stands, and filing it elsewhere. */
function Letter({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const queries = useQueryClient();
  const mayAccept = useMay("ticket.reply");
  const mayFile = useMay("ticket.merge");
  const mayReplay = useMay("mail.resend");
  const params = { path: { id } };
  const [number, setNumber] = useState<number | string>("");
  const mail = useQuery({
    queryKey: ["mails", "received", "one", id],
    queryFn: () => data(api.GET("/api/v1/mail/received/{id}", { params })),
  });
  const change = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (what: "accept" | "replay" | "refile" | "apart") => {
      const headers = onceKey();
      if (what === "accept") return data(api.POST("/api/v1/mail/received/{id}/accept", { params, headers }));
      if (what === "replay") return data(api.POST("/api/v1/mail/received/{id}/replay", { params, headers }));
      const ticket = what === "apart" ? null : await ticketOf(Number(number));
      return data(api.POST("/api/v1/mail/received/{id}/refile", { params, body: { ticket }, headers }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["mails"] }),
  });
  return (
    <Side opened onClose={onClose} size="lg" title={t("mail.letter")}>
      <Loaded query={mail}>
        {(read) => (
          <Stack>
            <Group gap="xs">
              <State state={read.state} word={t(`mail.is.${read.state as ReceivedState}`)} />
              <Text size="sm">{format.instant(read.received_at, "exact")}</Text>
            </Group>
            {read.error && <Alert color="red">{read.error}</Alert>}
            <Refusal error={change.error} />
            {read.decision && <Decision decision={read.decision} />}
            <Row label={t("mail.messageId")}>
              <span className={classes.code}>{read.message_id ?? "–"}</span>
            </Row>
            <Row label={t("mail.source")}>{read.source}</Row>
            <Group gap="xs">
              <Button component="a" variant="default" href={`/api/v1/mail/received/${id}/raw`} download>
                {t("mail.raw")}
              </Button>
              {mayReplay && (
                <Button variant="default" onClick={() => change.mutate("replay")}>
                  {t("mail.replay")}
                </Button>
              )}
              {mayAccept && read.state === "held" && (
                <Button onClick={() => change.mutate("accept")}>{t("mail.accept")}</Button>
              )}
            </Group>
            {mayFile && (
              <Group align="flex-end" gap="xs">
                <NumberInput
                  label={t("mail.refile")}
                  description={t("mail.refileHint")}
                  min={1}
                  hideControls
                  value={number}
                  onChange={setNumber}
                />
                <Button variant="default" disabled={number === ""} onClick={() => change.mutate("refile")}>
                  {t("mail.refileTo")}
                </Button>
                <Button variant="default" onClick={() => change.mutate("apart")}>
                  {t("mail.apart")}
                </Button>
              </Group>
            )}
          </Stack>
        )}
      </Loaded>
    </Side>
  );
}

/** The ticket of a number that a person types. */
async function ticketOf(number: number): Promise<string> {
  return (await data(api.GET("/api/v1/tickets/{id}", { params: { path: { id: String(number) } } }))).id;
}

function Decision({ decision }: { decision: Schemas["FilingDecision"] }) {
  const { t } = useTranslation("admin");
  return (
    <Stack gap="xs">
      <Row label={t("mail.why")}>{decision.reason}</Row>
      <Row label={t("mail.route")}>{decision.route.replaceAll("_", " ")}</Row>
      {decision.sender && <Row label={t("mail.sender")}>{decision.sender}</Row>}
      {decision.ticket && (
        <Row label={t("policy.ticket")}>
          <Link to="/tickets/$id" params={{ id: decision.ticket }}>
            {t("mail.open")}
          </Link>
        </Row>
      )}
      {decision.by && (
        <Row label={t("mail.by")}>
          <Name id={decision.by} />
        </Row>
      )}
      {decision.before && (
        <Stack gap="xs" pl="md">
          <Text size="sm" fw={550}>
            {t("mail.before")}
          </Text>
          <Decision decision={decision.before} />
        </Stack>
      )}
    </Stack>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="div">{children}</Text>
    </div>
  );
}

function Outgoing() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const [state, setState] = useState("");
  const mails = useListing(
    ["mails", "outgoing", state],
    (cursor) =>
      data(api.GET("/api/v1/mail/outgoing", { params: { query: { limit: 50, cursor, ...(state && { state }) } } })),
    EVERY,
  );
  return (
    <Stack>
      <StateFilter states={OUTGOING} value={state} onChange={setState} />
      <ListTable
        query={mails}
        empty={{ title: t("mail.noOutgoing"), hint: t("mail.noOutgoingHint") }}
        label={t("mail.outgoing")}
        heads={[t("mail.subject"), t("mail.to"), t("state"), t("mail.answer")]}
      >
        {(mail) => (
          <Table.Tr key={mail.id}>
            <RowTitle title={mail.subject} detail={format.instant(mail.created_at)} />
            <Table.Td>{mail.recipients.join(", ")}</Table.Td>
            <Table.Td>
              <State state={mail.state} word={t(`mail.is.${mail.state as OutgoingState}`)} />
            </Table.Td>
            <Table.Td className={classes.code}>{mail.last_error ?? mail.receipt}</Table.Td>
          </Table.Tr>
        )}
      </ListTable>
    </Stack>
  );
}
