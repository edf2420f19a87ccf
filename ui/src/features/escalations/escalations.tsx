// The escalations: what is open, how far up each is, and whether somebody has it.
import { Anchor, Badge, Button, Group, SegmentedControl, Switch, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { ticketQuery } from "@/features/ticket/queries";
import { Ago } from "@/parts/ago";
import { Name } from "@/parts/name";
import { Page } from "@/parts/page";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { PHASES } from "./address";
import classes from "./escalations.module.css";
import { type Escalation, escalationsQuery } from "./queries";
import { ReasonWords } from "./reason";

const route = getRouteApi("/_work/escalations/");

export function Escalations() {
  const { t } = useTranslation("escalations");
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/escalations/" });
  const phase = search.phase ?? "open";
  const escalations = useInfiniteQuery(escalationsQuery({ phase, ...(search.mine ? { mine: true } : {}) }));
  const rows = escalations.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t("title")}>
      <Group mb="md">
        <SegmentedControl
          aria-label={t("phaseLabel")}
          value={phase}
          onChange={(value) => {
            const chosen = PHASES.find((each) => each === value);
            void navigate({ search: (now) => ({ ...now, phase: chosen }) });
          }}
          data={PHASES.map((value) => ({ value, label: t(`phase.${value}`) }))}
        />
        <Switch
          label={t("mine")}
          checked={search.mine ?? false}
          onChange={(event) => {
            const mine = event.currentTarget.checked || undefined;
            void navigate({ search: (now) => ({ ...now, mine }) });
          }}
        />
      </Group>
      {escalations.isPending ? (
        <LoadingRows />
      ) : escalations.isLoadingError ? (
        <Failure error={escalations.error} onRetry={() => void escalations.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title={t(`empty.${phase}`)}>{t("emptyHint")}</Empty>
      ) : (
        <ul className={classes.rows} aria-label={t("title")}>
          {rows.map((escalation) => (
            <Row key={escalation.id} escalation={escalation} />
          ))}
        </ul>
      )}
      {escalations.hasNextPage && (
        <Button variant="default" mt="md" onClick={() => void escalations.fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </Page>
  );
}

function Row({ escalation }: { escalation: Escalation }) {
  const { t } = useTranslation("escalations");
  const format = useFormats();
  const first = escalation.tickets[0];
  const { data: ticket } = useQuery({ ...ticketQuery(first ?? ""), enabled: first !== undefined });
  return (
    <li className={classes.row}>
      <Badge variant="light" className={classes.level ?? ""}>
        {t("level", { level: escalation.level })}
      </Badge>
      <span className={classes.grow}>
        <Anchor
          fw={550}
          renderRoot={(props) => <Link {...props} to="/escalations/$id" params={{ id: escalation.id }} />}
        >
          {ticket ? `#${ticket.number} ${ticket.subject}` : escalation.subject}
          {escalation.tickets.length > 1 && ` ${t("andMore", { count: escalation.tickets.length - 1 })}`}
        </Anchor>
        <Text size="sm" display="block" className="sentence">
          <ReasonWords escalation={escalation} />
        </Text>
        <Text size="xs" c="dimmed">
          {t("ladderOf", { name: escalation.ladder })} · <Ago at={escalation.raised_at} />
        </Text>
      </span>
      <span className={classes.state}>
        {escalation.acknowledged_by ? (
          <Text span size="sm">
            {t("has")} <Name id={escalation.acknowledged_by} />
          </Text>
        ) : (
          escalation.phase === "open" && (
            <Text span size="sm" className={classes.nobody}>
              {t("nobodyHas")}
            </Text>
          )
        )}
        {escalation.next_at && (
          <Text size="xs" c="dimmed">
            {t("nextAt", { at: format.instant(escalation.next_at) })}
          </Text>
        )}
      </span>
    </li>
  );
}
