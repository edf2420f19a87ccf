// A request: what was said, what happens next, and what one may do about it.
import { Anchor, Group, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { ticketQuery } from "@/features/ticket/queries";
import { Apart } from "@/parts/apart";
import { Name } from "@/parts/name";
import { Severity, Status } from "@/parts/severity";
import { LoadingRows } from "@/parts/states";
import { Answer } from "./answer";
import { OpenClocks } from "./clocks";
import { Escalate } from "./escalate";
import { useNext } from "./next";
import classes from "./portal.module.css";
import { Rate } from "./rate";
import { Thread } from "./thread";

export function RequestPage({ id }: { id: string }) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const { data: ticket } = useSuspenseQuery(ticketQuery(id));
  const seesPromises = useMay("portal.read_promises");
  const next = useNext(ticket);
  useEffect(() => {
    document.title = `#${ticket.number} ${ticket.subject}`;
  }, [ticket.number, ticket.subject]);
  const isOver = ticket.status_kind === "closed" || ticket.status_kind === "resolved";
  return (
    <article className={classes.request}>
      <header>
        <Anchor component={Link} to="/portal" c="dimmed" size="sm" className={classes.back ?? ""}>
          <IconArrowLeft size={16} aria-hidden />
          {t("request.back")}
        </Anchor>
        <Title order={1} mt="xs">
          {ticket.subject}
        </Title>
        <p className={classes.next} data-tone={next.tone}>
          {next.words}
        </p>
      </header>
      <div className={classes.columns}>
        <div>
          <Apart meanwhile={<LoadingRows rows={3} />}>
            <Thread id={id} />
          </Apart>
          <Answer ticket={ticket} />
        </div>
        <aside aria-label={t("request.about")} className={classes.side}>
          <section className={classes.card}>
            <Title order={2}>{t("request.about")}</Title>
            <dl className={classes.facts}>
              <dt>{t("request.number")}</dt>
              <dd className="tabular">#{ticket.number}</dd>
              <dt>{t("request.status")}</dt>
              <dd>
                <Status status={ticket.status} kind={ticket.status_kind} />
              </dd>
              <dt>{t("request.severity")}</dt>
              <dd>
                <Severity severity={ticket.severity} />
              </dd>
              <dt>{t("request.opened")}</dt>
              <dd>{format.instant(ticket.opened_at, "moment")}</dd>
              <dt>{t("request.by")}</dt>
              <dd>
                <Name id={ticket.contact} />
              </dd>
              {ticket.assignee && (
                <>
                  <dt>{t("request.with")}</dt>
                  <dd>
                    <Name id={ticket.assignee} />
                  </dd>
                </>
              )}
            </dl>
          </section>
          {isOver && ticket.merged_into === null && <Rate ticket={ticket} />}
          {seesPromises && <OpenClocks id={id} />}
          {!isOver && (
            <Group>
              <Escalate ticket={ticket} />
            </Group>
          )}
        </aside>
      </div>
    </article>
  );
}
