// A ticket: what was said, what was promised, and what is to be done.
import { Anchor, Group, Tabs, Text, Title } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowLeft } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { lastView } from "@/features/inbox/last";
import { Apart } from "@/parts/apart";
import { Countdown } from "@/parts/clock";
import { Later } from "@/parts/later";
import { Severity, Status } from "@/parts/severity";
import { LoadingRows } from "@/parts/states";
import { AccountCard } from "./account-card";
import { Actions } from "./actions";
import { Clocks } from "./clocks";
import { Coming } from "./coming";
import { Composer } from "./composer";
import { Conversation } from "./conversation";
import { Escalations } from "./escalations";
import { History } from "./history";
import { Connections } from "./links";
import { Others } from "./others";
import { Properties } from "./properties";
import { ticketQuery } from "./queries";
import { Rating } from "./rating";
import classes from "./ticket.module.css";

export function TicketPage({ id }: { id: string }) {
  const { t } = useTranslation("ticket");
  const { data: ticket } = useSuspenseQuery(ticketQuery(id));
  const isNarrow = useMediaQuery("(max-width: 62em)", false, { getInitialValueInEffect: false });
  useEffect(() => {
    document.title = `#${ticket.number} ${ticket.subject}`;
  }, [ticket.number, ticket.subject]);
  const conversation = (
    <div className={classes.main}>
      <Apart meanwhile={<Coming />}>
        <Conversation id={id} />
      </Apart>
      <Later meanwhile={<div className={classes.answering} />}>
        <Composer ticket={ticket} />
      </Later>
    </div>
  );
  const details = (
    <div className={classes.side}>
      <Later meanwhile={<LoadingRows rows={3} />}>
        <Clocks id={id} />
      </Later>
      <Later>
        <Escalations ticket={ticket.id} />
        <Rating ticket={ticket} />
        <Properties ticket={ticket} />
        {ticket.account && <AccountCard ticket={ticket} account={ticket.account} />}
        <Connections ticket={ticket} />
        <History id={id} />
      </Later>
    </div>
  );
  return (
    <article className={classes.page}>
      <header className={classes.head}>
        <Group gap="xs">
          <Anchor
            c="dimmed"
            size="sm"
            className={classes.back ?? ""}
            renderRoot={(props) => <Link {...props} to="/inbox" search={lastView()} />}
          >
            <IconArrowLeft size={16} aria-hidden />
            {t("back")}
          </Anchor>
          <Text c="dimmed" size="sm" className="tabular">
            #{ticket.number}
          </Text>
          <Severity severity={ticket.severity} />
          <Status status={ticket.status} kind={ticket.status_kind} />
          {ticket.next_due && <Countdown at={ticket.next_due.at} commitment={ticket.next_due.commitment} />}
          <Group gap="xs" className={classes.actions ?? ""}>
            <Later>
              <Actions ticket={ticket} />
            </Later>
          </Group>
          <Later>
            <Others id={ticket.id} />
          </Later>
        </Group>
        <Title order={1} className={classes.subject ?? ""}>
          {ticket.subject}
        </Title>
      </header>
      {isNarrow ? (
        <Tabs defaultValue="conversation" className={classes.tabs ?? ""} keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="conversation">{t("conversation")}</Tabs.Tab>
            <Tabs.Tab value="details">{t("details")}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="conversation">{conversation}</Tabs.Panel>
          <Tabs.Panel value="details">{details}</Tabs.Panel>
        </Tabs>
      ) : (
        <div className={classes.columns}>
          {conversation}
          <aside className={classes.aside} aria-label={t("details")}>
            {details}
          </aside>
        </div>
      )}
    </article>
  );
}
