// An account: what was sold to it, who looks after it, how its promises are kept, and what happened to it.
import { Anchor, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/app/session";
import { useAgents } from "@/features/directory/directory";
import { ticketsQuery } from "@/features/ticket/queries";
import { Avatar } from "@/parts/avatar";
import { Countdown } from "@/parts/clock";
import { Page } from "@/parts/page";
import { useRoleName } from "@/parts/role-name";
import { Severity, Status } from "@/parts/severity";
import { Failure, LoadingRows } from "@/parts/states";
import { AccountFacts } from "./account-facts";
import { AccountForm } from "./account-form";
import classes from "./accounts.module.css";
import { AttainmentCard } from "./attainment";
import { Contacts } from "./contacts";
import { Contracts } from "./contracts";
import { type Account, accountQuery } from "./queries";

export function AccountPage({ id }: { id: string }) {
  const { t } = useTranslation("accounts");
  const { t: common } = useTranslation();
  const account = useQuery(accountQuery(id));
  const mayUpdate = useMay("account.update");
  const mayReadContracts = useMay("contract.read");
  const mayOpen = useMay("ticket.create");
  const [editing, setEditing] = useState(false);
  if (account.isPending) {
    return (
      <Page title={t("account")}>
        <LoadingRows />
      </Page>
    );
  }
  if (account.isLoadingError) return <Failure error={account.error} onRetry={() => void account.refetch()} order={1} />;
  const { value } = account.data;
  return (
    <Page
      title={value.name}
      actions={
        <>
          {mayUpdate && (
            <Button
              variant="default"
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => setEditing(true)}
            >
              {common("action.edit")}
            </Button>
          )}
          {mayOpen && (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              renderRoot={(props) => <Link {...props} to="/tickets/new" search={{ account: id }} />}
            >
              {t("newTicket")}
            </Button>
          )}
        </>
      }
    >
      {value.archived_at && (
        <Badge variant="default" mb="md">
          {t("archived")}
        </Badge>
      )}
      <div className={classes.columns}>
        <Stack gap="lg">
          <AttainmentCard account={id} />
          <OpenTickets account={id} />
          <Contacts account={value} />
          <AccountFacts account={id} />
        </Stack>
        <Stack gap="lg">
          <About account={value} />
          {mayReadContracts && <Contracts account={id} />}
          <Notes account={value} />
        </Stack>
      </div>
      <AccountForm opened={editing} onClose={() => setEditing(false)} account={account.data} />
    </Page>
  );
}

/** Who looks after the account, and what else is known of it. */
function About({ account }: { account: Account }) {
  const { t } = useTranslation("accounts");
  const roleName = useRoleName();
  const agents = useAgents();
  const known: [string, string | null | undefined][] = [
    [t("externalId"), account.external_id],
    [t("domains"), account.domains.join(", ")],
    [
      t("language"),
      account.language && new Intl.DisplayNames([account.language], { type: "language" }).of(account.language),
    ],
    [t("timeZone"), account.time_zone],
    ...Object.entries(account.fields ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  ];
  return (
    <section className={classes.card} aria-label={t("people")}>
      <Title order={2} mb="xs">
        {t("people")}
      </Title>
      {account.people.length === 0 && <Text c="dimmed">{t("noPeople")}</Text>}
      <ul className={classes.plain}>
        {account.people.map(({ role, agent }) => (
          <li key={role + agent} className={classes.line}>
            <Avatar name={agents.get(agent)?.name ?? ""} />
            <span className={classes.grow}>
              {agents.get(agent)?.name}
              <Text size="xs" c="dimmed">
                {roleName(role)}
              </Text>
            </span>
          </li>
        ))}
      </ul>
      <dl className={classes.terms}>
        {known.map(
          ([name, value]) =>
            value && (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}

function Notes({ account }: { account: Account }) {
  const { t } = useTranslation("accounts");
  return (
    <section className={classes.card} aria-label={t("notes")}>
      <Title order={2} mb="xs">
        {t("notes")}
      </Title>
      <Text size="sm" c={account.notes ? undefined : "dimmed"} className={classes.notes}>
        {account.notes || t("noNotes")}
      </Text>
    </section>
  );
}

/** How many open tickets the page shows; the inbox shows the rest. */
const SHOWN = 8;

function OpenTickets({ account }: { account: string }) {
  const { t } = useTranslation("accounts");
  const tickets = useInfiniteQuery(ticketsQuery({ account, status: "undone", sort: "next_due" }));
  const rows = tickets.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={classes.card} aria-label={t("openTickets")}>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t("openTickets")}</Title>
        <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/inbox" search={{ account }} />}>
          {t("inInbox")}
        </Anchor>
      </Group>
      {tickets.isPending && <LoadingRows rows={3} />}
      {tickets.isLoadingError && <Failure error={tickets.error} onRetry={() => void tickets.refetch()} />}
      {tickets.isSuccess && rows.length === 0 && <Text c="dimmed">{t("noTickets")}</Text>}
      <ul className={classes.plain}>
        {rows.slice(0, SHOWN).map((ticket) => (
          <li key={ticket.id} className={classes.line}>
            <Severity severity={ticket.severity} short />
            <span className={classes.grow}>
              <Anchor
                size="sm"
                renderRoot={(props) => <Link {...props} to="/tickets/$id" params={{ id: String(ticket.number) }} />}
              >
                #{ticket.number} {ticket.subject}
              </Anchor>
              <div>
                <Status status={ticket.status} kind={ticket.status_kind} />
              </div>
            </span>
            {ticket.next_due && <Countdown at={ticket.next_due.at} commitment={ticket.next_due.commitment} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
