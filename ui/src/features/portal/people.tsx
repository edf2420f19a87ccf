// Who looks after the company, and who of the company may write.
import { Anchor, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "@/app/session";
import { Avatar } from "@/parts/avatar";
import { Page } from "@/parts/page";
import { useRoleName } from "@/parts/role-name";
import { Empty, Failure, LoadingRows } from "@/parts/states";
import { type Colleague, ColleagueForm } from "./colleague-form";
import classes from "./portal.module.css";
import { colleaguesQuery, serviceQuery } from "./queries";

export function People() {
  const { t } = useTranslation("portal");
  const { data: service } = useSuspenseQuery(serviceQuery);
  const keepsColleagues = useMay("portal.update_contacts");
  const roleName = useRoleName();
  return (
    <Page title={t("people.title")}>
      <Stack gap="xl">
        <section>
          <Title order={2} mb="sm">
            {t("people.ours")}
          </Title>
          {service.people.length === 0 ? (
            <Text c="dimmed">{t("people.oursNone")}</Text>
          ) : (
            <ul className={classes.cards}>
              {service.people.map((person) => (
                <li key={`${person.role}-${person.email}`} className={classes.personCard}>
                  <Avatar name={person.name} size={44} />
                  <div>
                    <Text fw={600}>{person.name}</Text>
                    <Text size="sm" c="dimmed">
                      {roleName(person.role)}
                    </Text>
                    <Anchor href={`mailto:${person.email}`} size="sm">
                      {person.email}
                    </Anchor>
                  </div>
                </li>
              ))}
            </ul>
          )}
        </section>
        {keepsColleagues && <Colleagues />}
      </Stack>
    </Page>
  );
}

function Colleagues() {
  const { t } = useTranslation("portal");
  const me = useMe();
  const found = useQuery(colleaguesQuery);
  const [chosen, setChosen] = useState<Colleague | null>(null);
  const [isOpen, { open, close }] = useDisclosure(false);
  const edit = (colleague: Colleague | null) => {
    setChosen(colleague);
    open();
  };
  return (
    <section>
      <Group justify="space-between" mb="sm">
        <div>
          <Title order={2}>{t("people.colleagues")}</Title>
          <Text c="dimmed">{t("people.colleaguesHint")}</Text>
        </div>
        <Button variant="default" leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => edit(null)}>
          {t("people.invite")}
        </Button>
      </Group>
      {found.isPending ? (
        <LoadingRows rows={4} />
      ) : found.isLoadingError ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : found.data.items.length === 0 ? (
        <Empty title={t("people.none")}>{t("people.noneHint")}</Empty>
      ) : (
        <ul className={classes.rows}>
          {found.data.items.map((colleague) => (
            <li key={colleague.id} className={classes.colleague} data-inactive={!colleague.active || undefined}>
              <Avatar name={colleague.name} size={32} />
              <span className={classes.rowMain}>
                <Text span fw={550}>
                  {colleague.name}
                </Text>
                <Text span size="sm" c="dimmed" truncate>
                  {colleague.addresses[0]}
                </Text>
              </span>
              <Badge variant="default">
                {t(
                  !colleague.active
                    ? "people.inactive"
                    : colleague.portal
                      ? `people.${colleague.portal}`
                      : "people.mailOnly",
                )}
              </Badge>
              {colleague.id === me.id ? (
                <Text size="sm" c="dimmed" className={classes.rowAction ?? ""}>
                  {t("people.you")}
                </Text>
              ) : (
                <Button
                  size="compact-sm"
                  variant="subtle"
                  className={classes.rowAction ?? ""}
                  aria-label={t("people.editOne", { name: colleague.name })}
                  onClick={() => edit(colleague)}
                >
                  {t("people.edit")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <ColleagueForm key={chosen?.id ?? "new"} colleague={chosen} isOpen={isOpen} onClose={close} />
    </section>
  );
}
