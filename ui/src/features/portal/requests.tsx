// One's requests: those that are open first, each with what happens next.
import { Button, Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChevronRight, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "@/app/session";
import { type Ticket, ticketsQuery } from "@/features/ticket/queries";
import { Ago } from "@/parts/ago";
import { Page } from "@/parts/page";
import { Severity } from "@/parts/severity";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { useNext } from "./next";
import classes from "./portal.module.css";

const route = getRouteApi("/portal/");

export function Requests() {
  const { t } = useTranslation("portal");
  const me = useMe();
  const seesAll = useMay("portal.read_account");
  const { show = "open", whose = "all" } = route.useSearch();
  const navigate = route.useNavigate();
  const [words, setWords] = useState("");
  const [searched] = useDebouncedValue(words.trim(), 250);
  const found = useInfiniteQuery(
    ticketsQuery({
      sort: "-last_message",
      ...(show === "open" ? { status: "undone" } : { status: "done" }),
      ...(whose === "own" && me.id ? { contact: me.id } : {}),
      ...(searched.length > 1 ? { words: searched } : {}),
    }),
  );
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t("requests.title")}>
      <div className={classes.filters}>
        <SegmentedControl
          aria-label={t("requests.show")}
          value={show}
          onChange={(value) => void navigate({ search: { show: value as "open" | "done", whose }, replace: true })}
          data={[
            { value: "open", label: t("requests.open") },
            { value: "done", label: t("requests.done") },
          ]}
        />
        {seesAll && (
          <SegmentedControl
            aria-label={t("requests.whose")}
            value={whose}
            onChange={(value) => void navigate({ search: { show, whose: value as "all" | "own" }, replace: true })}
            data={[
              { value: "all", label: t("requests.company") },
              { value: "own", label: t("requests.own") },
            ]}
          />
        )}
        <TextInput
          className={classes.search ?? ""}
          type="search"
          aria-label={t("requests.search")}
          placeholder={t("requests.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </div>
      {found.isPending ? (
        <LoadingRows />
      ) : found.isLoadingError ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : rows.length === 0 ? (
        <Empty
          title={t(searched ? "requests.nothingFound" : show === "open" ? "requests.none" : "requests.noneDone")}
          action={
            <Group gap="xs">
              <Button component={Link} to="/portal/new">
                {t("requests.new")}
              </Button>
              {show === "open" && (
                <Button
                  variant="default"
                  onClick={() => void navigate({ search: { show: "done", whose }, replace: true })}
                >
                  {t("requests.showDone")}
                </Button>
              )}
            </Group>
          }
        >
          {t("requests.noneHint")}
        </Empty>
      ) : (
        <>
          <ul className={classes.rows}>
            {rows.map((ticket) => (
              <RequestRow key={ticket.id} ticket={ticket} />
            ))}
          </ul>
          {found.hasNextPage && (
            <Button variant="default" mt="md" loading={found.isFetchingNextPage} onClick={() => found.fetchNextPage()}>
              {t("requests.more")}
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

function RequestRow({ ticket }: { ticket: Ticket }) {
  const next = useNext(ticket);
  return (
    <li>
      <Link to="/portal/requests/$id" params={{ id: String(ticket.number) }} className={classes.row}>
        <span className={classes.rowMain}>
          <span className={classes.rowSubject}>{ticket.subject}</span>
          <Text component="span" size="sm" c="dimmed">
            <span className="tabular">#{ticket.number}</span> · <Ago at={ticket.last_message_at ?? ticket.opened_at} />
          </Text>
        </span>
        <span className={classes.rowNext} data-tone={next.tone}>
          {next.words}
        </span>
        <span className={classes.rowSeverity}>
          <Severity severity={ticket.severity} />
        </span>
        <IconChevronRight size={18} aria-hidden className={classes.chevron} />
      </Link>
    </li>
  );
}
