// Whose ticket this is: what they bought, who looks after them, how promises to them were kept, what else is open.
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { Name } from "@/parts/name";
import { useRoleName } from "@/parts/role-name";
import { Severity } from "@/parts/severity";
import { FailedPart } from "@/parts/states";
import { Card } from "./card";
import type { Ticket } from "./queries";
import classes from "./ticket.module.css";

const path = (id: string) => ({ params: { path: { id } } });

const accountQuery = (id: string) =>
  queryOptions({ queryKey: ["account", id, "one"], queryFn: () => data(api.GET("/api/v1/accounts/{id}", path(id))) });

const contractsQuery = (id: string) =>
  queryOptions({
    queryKey: ["account", id, "contracts"],
    queryFn: async () => (await data(api.GET("/api/v1/accounts/{id}/contracts", path(id)))).items,
  });

const attainmentQuery = (id: string) =>
  queryOptions({
    queryKey: ["account", id, "attainment"],
    queryFn: () => data(api.GET("/api/v1/accounts/{id}/attainment", path(id))),
  });

/** How many of the account's other tickets are named. */
const OTHERS = 5;

const othersQuery = (account: string) =>
  queryOptions({
    queryKey: ["tickets", "of", account],
    queryFn: () =>
      data(api.GET("/api/v1/tickets", { params: { query: { account, status: "undone", limit: OTHERS + 1 } } })),
  });

export function AccountCard({ ticket, account }: { ticket: Ticket; account: string }) {
  const { t } = useTranslation("ticket");
  const roleName = useRoleName();
  const format = useFormats();
  const mayContracts = useMay("contract.read");
  const known = useQuery(accountQuery(account));
  const contracts = useQuery({ ...contractsQuery(account), enabled: mayContracts });
  const kept = useQuery(attainmentQuery(account));
  const { data: open } = useQuery(othersQuery(account));
  const contract = contracts.data?.[0];
  const attainment = kept.data;
  const failed = [known, contracts, kept].find(({ isLoadingError }) => isLoadingError);
  const others = open?.items.filter(({ id }) => id !== ticket.id).slice(0, OTHERS) ?? [];
  const percent = attainment?.total.percent;
  return (
    <Card title={t("account.title")}>
      <Stack gap={6} mih="7rem">
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <Anchor component={Link} to={`/accounts/${account}`} size="sm" fw={600}>
            <Name id={account} />
          </Anchor>
          <Text size="sm">{ticket.tier}</Text>
        </Group>
        {ticket.contact && (
          <Fact label={t("account.contact")}>
            <Name id={ticket.contact} />
          </Fact>
        )}
        {contract && (
          <Fact label={t("account.contract")}>
            {format.money(contract.value, contract.currency)}
            {contract.renews_on && ` · ${t("account.renews", { on: format.instant(contract.renews_on, "day") })}`}
          </Fact>
        )}
        {known.data?.people.map(({ role, agent }) => (
          <Fact key={`${role} ${agent}`} label={roleName(role)}>
            <Name id={agent} />
          </Fact>
        ))}
        {attainment && (
          <Fact label={t("account.kept")}>
            {typeof percent === "number" ? format.percent(percent / 100, 1) : t("none")}
            {attainment.total.missed > 0 && ` · ${t("account.missed", { count: attainment.total.missed })}`}
          </Fact>
        )}
        {failed && <FailedPart query={failed} />}
        {others.length > 0 && (
          <>
            <Text size="xs" c="dimmed" mt={4}>
              {t("account.others")}
            </Text>
            <ul className={classes.plain}>
              {others.map((other) => (
                <li key={other.id}>
                  <Anchor component={Link} to={`/tickets/${other.number}`} size="sm" className={classes.other ?? ""}>
                    <Severity severity={other.severity} short />
                    <Text span size="sm" truncate>
                      {other.subject}
                    </Text>
                  </Anchor>
                </li>
              ))}
            </ul>
            {open?.next && (
              <Anchor renderRoot={(props) => <Link {...props} to="/inbox" search={{ account }} />} size="xs">
                {t("account.all")}
              </Anchor>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" ta="right">
        {children}
      </Text>
    </Group>
  );
}
