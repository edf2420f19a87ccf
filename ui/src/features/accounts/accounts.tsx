// The customers: thousands of them, found by name, domain or external identifier.
import { Button, Group, Switch, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { rowHeight } from "@/app/density";
import { useFormats } from "@/app/format";
import { useMay, useMe } from "@/app/session";
import { useAgents } from "@/features/directory/directory";
import { Page } from "@/parts/page";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { AccountForm } from "./account-form";
import classes from "./accounts.module.css";
import { Kept } from "./kept";
import { type AccountSummary, accountsQuery } from "./queries";

const route = getRouteApi("/_work/accounts/");

export function Accounts() {
  const { t } = useTranslation("accounts");
  const me = useMe();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/accounts/" });
  const mayUpdate = useMay("account.update");
  const [adding, setAdding] = useState(false);
  const accounts = useInfiniteQuery(
    accountsQuery({
      ...(search.text ? { text: search.text } : {}),
      ...(search.mine && me.id ? { agent: me.id } : {}),
      ...(search.archived ? { archived: true } : {}),
    }),
  );
  const rows = accounts.data?.pages.flatMap((page) => page.items) ?? [];
  const seek = useDebouncedCallback(
    (text: string) => void navigate({ search: (now) => ({ ...now, text: text || undefined }), replace: true }),
    250,
  );
  return (
    <Page
      title={t("title")}
      fills
      actions={
        mayUpdate && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
            {t("new")}
          </Button>
        )
      }
    >
      <section className={classes.list} aria-label={t("title")}>
        <Group className={classes.tools} gap="md">
          <TextInput
            aria-label={t("search")}
            placeholder={t("search")}
            defaultValue={search.text ?? ""}
            leftSection={<IconSearch size={16} aria-hidden />}
            onChange={(event) => seek(event.currentTarget.value)}
            className={classes.search}
          />
          <Switch
            label={t("mine")}
            checked={search.mine ?? false}
            onChange={(event) => {
              const mine = event.currentTarget.checked || undefined;
              void navigate({ search: (now) => ({ ...now, mine }) });
            }}
          />
          <Switch
            label={t("archivedToo")}
            checked={search.archived ?? false}
            onChange={(event) => {
              const archived = event.currentTarget.checked || undefined;
              void navigate({ search: (now) => ({ ...now, archived }) });
            }}
          />
        </Group>
        {accounts.isPending ? (
          <LoadingRows rows={12} />
        ) : accounts.isLoadingError ? (
          <Failure error={accounts.error} onRetry={() => void accounts.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title={t("empty")}>{t(search.text || search.mine ? "emptyFound" : "emptyHint")}</Empty>
        ) : (
          <Rows
            rows={rows}
            hasMore={accounts.hasNextPage}
            onMore={() => !accounts.isFetchingNextPage && void accounts.fetchNextPage()}
          />
        )}
      </section>
      <AccountForm opened={adding} onClose={() => setAdding(false)} />
    </Page>
  );
}

/** How many rows from the end more are fetched. */
const AHEAD = 30;

function Rows({ rows, hasMore, onMore }: { rows: AccountSummary[]; hasMore: boolean; onMore: () => void }) {
  const { t } = useTranslation("accounts");
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: rowHeight,
    overscan: 4,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onMore();
  }, [last, rows.length, hasMore, onMore]);
  return (
    <>
      <div className={classes.heads} aria-hidden>
        <span>{t("account")}</span>
        <span>{t("tier")}</span>
        <span>{t("people")}</span>
        <span>{t("attainment90")}</span>
      </div>
      <div ref={scroll} className={classes.scroll}>
        <ul aria-label={t("title")} className={classes.rows} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, key, size }) => {
            const account = rows[index];
            return (
              account && (
                <li
                  key={key}
                  aria-posinset={index + 1}
                  aria-setsize={hasMore ? -1 : rows.length}
                  className={classes.row}
                  style={{ height: size, transform: `translateY(${start}px)` }}
                >
                  <Row account={account} />
                </li>
              )
            );
          })}
        </ul>
      </div>
    </>
  );
}

function Row({ account }: { account: AccountSummary }) {
  const { t } = useTranslation("accounts");
  const agents = useAgents();
  const format = useFormats();
  const people = account.people.flatMap(({ agent }) => agents.get(agent)?.name ?? []);
  return (
    <>
      <span className={classes.name}>
        <Link to="/accounts/$id" params={{ id: account.id }} className={classes.open} preload="intent">
          {account.name}
        </Link>
        <Text size="xs" c="dimmed" truncate>
          {[account.external_id, ...account.domains].filter(Boolean).join(" · ")}
          {account.archived_at && ` · ${t("archived")}`}
        </Text>
      </span>
      <Text span size="sm" className={classes.tier}>
        {account.tier}
      </Text>
      <Text span size="sm" truncate className={classes.people}>
        {format.list(people)}
      </Text>
      <span className={classes.attainment}>{account.kept && <Kept kept={account.kept} />}</span>
    </>
  );
}
