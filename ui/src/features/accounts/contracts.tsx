// What was sold: the contract that holds, and those before and after it.
import { Anchor, Badge, Collapse, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { serviceNow } from "@/app/time";
import { useCommitmentName } from "@/parts/clock";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./accounts.module.css";
import { type Contract, contractsQuery } from "./queries";
import { dayOf, inForce } from "./terms";

export function Contracts({ account }: { account: string }) {
  const { t } = useTranslation("accounts");
  const contracts = useQuery(contractsQuery(account));
  const [opened, { toggle }] = useDisclosure(false);
  const all = contracts.data ?? [];
  const now = inForce(all, dayOf(serviceNow()));
  const others = all.filter(({ id }) => id !== now?.id);
  return (
    <section className={classes.card} aria-label={t("contract")}>
      <Title order={2} mb="xs">
        {t("contract")}
      </Title>
      {contracts.isPending && <LoadingRows rows={4} />}
      {contracts.isError && <Failure error={contracts.error} onRetry={() => void contracts.refetch()} />}
      {contracts.isSuccess && !now && <Text c="dimmed">{t("noContract")}</Text>}
      {now && <Terms contract={now} />}
      {others.length > 0 && (
        <>
          <Anchor component="button" type="button" size="sm" mt="sm" onClick={toggle} aria-expanded={opened}>
            {t("otherContracts", { count: others.length })}
          </Anchor>
          <Collapse expanded={opened}>
            {others.map((contract) => (
              <div key={contract.id} className={classes.line}>
                <Terms contract={contract} />
              </div>
            ))}
          </Collapse>
        </>
      )}
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
