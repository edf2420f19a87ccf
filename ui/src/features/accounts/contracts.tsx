// What was sold: the contract that holds, and those before and after it.
import { ActionIcon, Anchor, Badge, Button, Collapse, Group, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { type Versioned, versioned } from "@/api/versioned";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { serviceNow } from "@/app/time";
import { useCommitmentName } from "@/parts/clock";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./accounts.module.css";
import { type Contract, contractsQuery } from "./queries";
import { dayOf, inForce } from "./terms";

const ContractForm = lazy(() => import("./contract-form").then((module) => ({ default: module.ContractForm })));

type Opened = { contract?: Versioned<Contract>; isEnding?: boolean };

export function Contracts({ account }: { account: string }) {
  const { t } = useTranslation("accounts");
  const contracts = useQuery(contractsQuery(account));
  const [opened, { toggle }] = useDisclosure(false);
  const all = contracts.data ?? [];
  const now = inForce(all, dayOf(serviceNow()));
  const others = all.filter(({ id }) => id !== now?.id);
  const mayUpdate = useMay("contract.update");
  const [form, setForm] = useState<Opened>();
  // A change goes back with the version that was read when it began.
  const open = useMutation({
    mutationFn: async ({ id, isEnding = false }: { id: string; isEnding?: boolean }) => ({
      contract: await versioned(api.GET("/api/v1/contracts/{id}", { params: { path: { id } } })),
      isEnding,
    }),
    onSuccess: setForm,
  });
  const edit = (contract: Contract) =>
    mayUpdate && (
      <ActionIcon
        variant="subtle"
        aria-label={t("editContractOf", { tier: contract.tier, day: contract.starts_on })}
        loading={open.isPending && open.variables.id === contract.id}
        onClick={() => open.mutate({ id: contract.id })}
      >
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
    );
  return (
    <section className={classes.card} aria-label={t("contract")}>
      <Group justify="space-between" mb="xs" wrap="nowrap">
        <Title order={2}>{t("contract")}</Title>
        {mayUpdate && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setForm({})}
          >
            {t("newContract")}
          </Button>
        )}
      </Group>
      {contracts.isPending && <LoadingRows rows={4} />}
      {contracts.isLoadingError && <Failure error={contracts.error} onRetry={() => void contracts.refetch()} />}
      {contracts.isSuccess && !now && <Text c="dimmed">{t("noContract")}</Text>}
      {now && (
        <>
          <Terms contract={now} />
          {mayUpdate && (
            <Group gap="xs" mt="sm">
              <Button size="compact-sm" variant="default" onClick={() => open.mutate({ id: now.id })}>
                {t("changeContract")}
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => open.mutate({ id: now.id, isEnding: true })}>
                {t("endContract")}
              </Button>
            </Group>
          )}
        </>
      )}
      {others.length > 0 && (
        <>
          <Anchor component="button" type="button" size="sm" mt="sm" onClick={toggle} aria-expanded={opened}>
            {t("otherContracts", { count: others.length })}
          </Anchor>
          <Collapse expanded={opened}>
            {others.map((contract) => (
              <div key={contract.id} className={classes.line}>
                <div className={classes.grow}>
                  <Terms contract={contract} />
                </div>
                {edit(contract)}
              </div>
            ))}
          </Collapse>
        </>
      )}
      <Suspense>{form && <ContractForm account={account} {...form} onClose={() => setForm(undefined)} />}</Suspense>
    </section>
  );
}

function Terms({ contract }: { contract: Contract }) {
  const { t } = useTranslation("accounts");
  const format = useFormats();
  const nameOf = useCommitmentName();
  // A day has no zone: noon keeps it the same day everywhere the reader may be.
  const day = (value: string) => format.instant(`${value}T12:00:00`, "day");
  return (
    <dl className={classes.terms}>
      <dt>{t("tier")}</dt>
      <dd>
        <Badge variant="light">{contract.tier}</Badge>
      </dd>
      <dt>{t("value")}</dt>
      <dd>{format.money(contract.value, contract.currency)}</dd>
      <dt>{t("starts")}</dt>
      <dd>{day(contract.starts_on)}</dd>
      <dt>{t("ends")}</dt>
      <dd>{contract.ends_on ? day(contract.ends_on) : t("endless")}</dd>
      {contract.renews_on && (
        <>
          <dt>{t("renews")}</dt>
          <dd>{day(contract.renews_on)}</dd>
        </>
      )}
      {contract.overrides.map((own) => (
        <div key={own.commitment + own.severity + own.clause} style={{ display: "contents" }}>
          <dt>
            {nameOf(own.commitment)} {own.severity}
          </dt>
          <dd>
            {[own.target_seconds && format.span(own.target_seconds, "long"), own.calendar, own.clause]
              .filter(Boolean)
              .join(" · ")}
          </dd>
        </div>
      ))}
    </dl>
  );
}
