// Every fact of a ticket, as it was recorded.
import { Button, Collapse, Text, Timeline, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { Name } from "@/parts/name";
import { FailedPart, LoadingRows } from "@/parts/states";
import { FactWords } from "./fact-words";
import { historyQuery } from "./queries";
import classes from "./ticket.module.css";

export function History({ id }: { id: string }) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const format = useFormats();
  const [isOpen, { toggle }] = useDisclosure(false);
  const facts = useQuery({ ...historyQuery(id), enabled: isOpen });
  return (
    <section className={classes.card} aria-label={t("history")}>
      <Title order={2} className={classes.cardTitle ?? ""}>
        {t("history")}
      </Title>
      <Button size="compact-sm" variant="subtle" onClick={toggle} aria-expanded={isOpen}>
        {t(isOpen ? "historyHide" : "historyShow")}
      </Button>
      <Collapse expanded={isOpen}>
        {facts.isLoading && <LoadingRows rows={3} />}
        <FailedPart query={facts} />
        <Timeline bulletSize={10} lineWidth={2} mt="sm">
          {facts.data?.map((fact) => (
            <Timeline.Item key={fact.id}>
              <Text size="sm">
                <FactWords fact={fact} />
              </Text>
              <Text size="xs" c="dimmed">
                {format.instant(fact.at)} · {fact.actor.id ? <Name id={fact.actor.id} /> : common("person.system")}
              </Text>
            </Timeline.Item>
          ))}
        </Timeline>
      </Collapse>
    </section>
  );
}
