// What happened to an account, latest first.
import { Anchor, Text, Timeline, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { Name } from "@/parts/name";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./accounts.module.css";
import { accountFactsQuery } from "./queries";

export function AccountFacts({ account }: { account: string }) {
  const { t, i18n } = useTranslation("accounts");
  const { t: common } = useTranslation();
  const format = useFormats();
  const facts = useInfiniteQuery(accountFactsQuery(account));
  const rows = facts.data?.pages.flatMap((page) => page.items) ?? [];
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return (
    <section className={classes.card} aria-label={t("timeline")}>
      <Title order={2} mb="md">
        {t("timeline")}
      </Title>
      {facts.isPending && <LoadingRows rows={4} />}
      {facts.isLoadingError && <Failure error={facts.error} onRetry={() => void facts.refetch()} />}
      <Timeline bulletSize={12} lineWidth={2}>
        {rows.map((fact) => {
          const detail = fact.detail as Record<string, unknown>;
          return (
            <Timeline.Item
              key={fact.id}
              title={
                <Text span size="sm" fw={550}>
                  {i18n.exists(`fact.${fact.kind}`, { ns: "accounts" })
                    ? t(`fact.${fact.kind}` as "fact.account_created")
                    : fact.kind.replaceAll("_", " ")}{" "}
                  <Text span size="sm" fw={400}>
                    {text(detail.contact) ? <Name id={text(detail.contact)} /> : text(detail.tier) || text(detail.to)}
                  </Text>
                </Text>
              }
            >
              <Text size="xs" c="dimmed">
                {format.instant(fact.at, "day")} ·{" "}
                {fact.actor.id ? <Name id={fact.actor.id} /> : common("person.system")}
              </Text>
            </Timeline.Item>
          );
        })}
      </Timeline>
      {facts.hasNextPage && (
        <Anchor component="button" type="button" size="sm" mt="sm" onClick={() => void facts.fetchNextPage()}>
          {t("more")}
        </Anchor>
      )}
    </section>
  );
}
