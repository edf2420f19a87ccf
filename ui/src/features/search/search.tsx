// Search over everything: tickets and what was said in them, accounts, contacts.
import { Anchor, Button, Group, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "@/app/keys";
import { Avatar } from "@/parts/avatar";
import { Marked } from "@/parts/marked";
import { Name } from "@/parts/name";
import { Page } from "@/parts/page";
import { Severity, Status } from "@/parts/severity";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { allHitsQuery, everythingQuery } from "./queries";
import classes from "./search.module.css";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Whether the screen was opened to type what is sought. */
    seeks?: boolean;
  }
}

const route = getRouteApi("/_work/search");

export function Search() {
  const { t } = useTranslation("search");
  const { q = "" } = route.useSearch();
  const navigate = useNavigate({ from: "/search" });
  const field = useRef<HTMLInputElement>(null);
  // Whoever only comes here keeps the keys; whoever asked for the field by its key has it.
  const seeks = useRouterState({ select: ({ location }) => location.state.seeks === true });
  const seek = useDebouncedCallback(
    (text: string) => void navigate({ search: text.trim() ? { q: text.trim() } : {}, replace: true }),
    250,
  );
  useKeys({ search: () => field.current?.focus() });
  return (
    <Page title={t("title")}>
      <TextInput
        ref={field}
        size="md"
        type="search"
        aria-label={t("label")}
        placeholder={t("placeholder")}
        defaultValue={q}
        autoFocus={seeks}
        leftSection={<IconSearch size={18} aria-hidden />}
        onChange={(event) => seek(event.currentTarget.value)}
        className={classes.field}
      />
      {q ? <Found words={q} /> : <Empty title={t("begin")}>{t("beginHint")}</Empty>}
    </Page>
  );
}

function Found({ words }: { words: string }) {
  const { t } = useTranslation("search");
  const { t: common } = useTranslation();
  const tickets = useInfiniteQuery(allHitsQuery(words));
  const found = useQuery(everythingQuery(words, 8));
  const accounts = found.data?.filter(({ kind }) => kind === "account") ?? [];
  const contacts = found.data?.filter(({ kind }) => kind === "contact") ?? [];
  const hits = tickets.data?.pages.flatMap((page) => page.items) ?? [];
  if (tickets.isPending) return <LoadingRows />;
  if (tickets.isLoadingError) return <Failure error={tickets.error} onRetry={() => void tickets.refetch()} />;
  if (hits.length === 0 && found.data && accounts.length + contacts.length === 0) {
    return <Empty title={t("nothing", { words })}>{t("nothingHint")}</Empty>;
  }
  return (
    <div className={classes.columns}>
      <section aria-label={t("tickets")}>
        <Title order={2} mb="xs">
          {t("tickets")}
        </Title>
        {hits.length === 0 && <Text c="dimmed">{t("noTickets")}</Text>}
        <ul className={classes.plain}>
          {hits.map((hit) => (
            <li key={hit.ticket} className={classes.hit}>
              <Anchor
                fw={550}
                renderRoot={(props) => <Link {...props} to="/tickets/$id" params={{ id: String(hit.number) }} />}
              >
                #{hit.number} {hit.message ? hit.subject : <Marked parts={hit.parts} />}
              </Anchor>
              <Group gap="sm" className={classes.facts ?? ""}>
                <Severity severity={hit.severity} />
                <Status status={hit.status} kind={hit.status_kind} />
                {hit.account && (
                  <Text span size="sm" c="dimmed">
                    <Name id={hit.account} />
                  </Text>
                )}
              </Group>
              {hit.message && (
                <Text size="sm" c="dimmed" lineClamp={2}>
                  <Marked parts={hit.parts} />
                </Text>
              )}
            </li>
          ))}
        </ul>
        {tickets.hasNextPage && (
          <Button
            variant="default"
            mt="sm"
            loading={tickets.isFetchingNextPage}
            onClick={() => void tickets.fetchNextPage()}
          >
            {t("more")}
          </Button>
        )}
      </section>
      <div>
        {accounts.length > 0 && (
          <section aria-label={common("nav.accounts")} className={classes.aside}>
            <Title order={2} mb="xs">
              {common("nav.accounts")}
            </Title>
            <ul className={classes.plain}>
              {accounts.map(({ id, name, excerpt }) => (
                <li key={id} className={classes.hit}>
                  <Anchor fw={550} renderRoot={(props) => <Link {...props} to="/accounts/$id" params={{ id }} />}>
                    <Marked parts={name} />
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    <Marked parts={excerpt} />
                  </Text>
                </li>
              ))}
            </ul>
          </section>
        )}
        {contacts.length > 0 && (
          <section aria-label={t("contacts")} className={classes.aside}>
            <Title order={2} mb="xs">
              {t("contacts")}
            </Title>
            <ul className={classes.plain}>
              {contacts.map(({ id, name, excerpt, account }) => (
                <li key={id} className={classes.hit}>
                  <Group gap="sm" wrap="nowrap">
                    <Avatar name={name.map(({ text }) => text).join("")} />
                    <div className={classes.grow}>
                      <Marked parts={name} />
                      <Text size="xs" c="dimmed">
                        <Marked parts={excerpt} />
                      </Text>
                      {account && (
                        <Anchor
                          size="xs"
                          renderRoot={(props) => <Link {...props} to="/accounts/$id" params={{ id: account }} />}
                        >
                          <Name id={account} />
                        </Anchor>
                      )}
                    </div>
                  </Group>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}
