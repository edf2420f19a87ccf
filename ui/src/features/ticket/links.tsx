// The links of a ticket to others, its followers, and its custom fields.
import {
  ActionIcon,
  Anchor,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/app/session";
import { useAgents } from "@/features/directory/directory";
import { Card } from "./card";
import { useChange } from "./properties";
import { type Ticket, ticketQuery } from "./queries";
import classes from "./ticket.module.css";
import { RELATIONS, useRelation } from "./values";

export function Connections({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const agents = useAgents();
  const change = useChange(ticket);
  const mayUpdate = useMay("ticket.update");
  const fields = Object.entries(ticket.fields as Record<string, unknown>);
  return (
    <Card title={t("more.title")}>
      <Stack gap="xs">
        <MultiSelect
          label={t("more.followers")}
          value={ticket.followers}
          disabled={!mayUpdate}
          searchable
          data={[...agents.values()].map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(followers) =>
            change.mutate({
              add_followers: followers.filter((id) => !ticket.followers.includes(id)),
              remove_followers: ticket.followers.filter((id) => !followers.includes(id)),
            })
          }
        />
        {fields.map(([name, value]) => (
          <TextInput
            key={`${name} ${String(value)}`}
            label={name.replaceAll("_", " ")}
            defaultValue={String(value ?? "")}
            disabled={!mayUpdate}
            onBlur={({ currentTarget: { value: next } }) =>
              next !== String(value ?? "") && change.mutate({ fields: { [name]: next || null } })
            }
          />
        ))}
        <Text size="sm" fw={500}>
          {t("more.links")}
        </Text>
        {ticket.links.length > 0 && (
          <ul className={classes.plain}>
            {ticket.links.map((link) => (
              <li key={`${link.relation} ${link.to}`}>
                <Group gap={6} wrap="nowrap" justify="space-between">
                  <Linked to={link.to} relation={link.relation} />
                  {mayUpdate && (
                    <ActionIcon
                      size="sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t("more.unlink")}
                      onClick={() => change.mutate({ remove_links: [link.to] })}
                    >
                      <IconX size={14} aria-hidden />
                    </ActionIcon>
                  )}
                </Group>
              </li>
            ))}
          </ul>
        )}
        {mayUpdate && <NewLink ticket={ticket} />}
      </Stack>
    </Card>
  );
}

function Linked({ to, relation }: { to: string; relation: string }) {
  const nameOf = useRelation();
  const { data: other } = useQuery(ticketQuery(to));
  return (
    <Anchor component={Link} to={`/tickets/${other?.number ?? to}`} size="sm" truncate>
      {nameOf(relation)} #{other?.number} {other?.subject}
    </Anchor>
  );
}

/** Brings what is said below a field into sight. */
function show(said: HTMLElement | null): void {
  said?.scrollIntoView({ block: "nearest" });
}

function NewLink({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const nameOf = useRelation();
  const [relation, setRelation] = useState<string>("relates_to");
  const [to, setTo] = useState<number | string>("");
  const [fault, setFault] = useState<string>();
  const change = useChange(ticket, setFault);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const link = () => {
    if (typeof to !== "number" || change.isPending) return;
    setFault(undefined);
    change.mutate(
      { add_links: [{ to, relation }] },
      { onSuccess: () => setTo(""), onSettled: () => field.current?.focus({ preventScroll: true }) },
    );
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        link();
      }}
    >
      <Group gap={6} wrap="nowrap">
        <Select
          flex={1}
          miw={0}
          aria-label={t("more.relation")}
          value={relation}
          allowDeselect={false}
          data={RELATIONS.map((value) => ({ value, label: nameOf(value) }))}
          onChange={(value) => value && setRelation(value)}
        />
        <NumberInput
          ref={field}
          aria-label={t("more.to")}
          aria-describedby={fault && id}
          placeholder="#"
          prefix="#"
          hideControls
          w="4.5rem"
          value={to}
          error={fault !== undefined}
          onChange={(value) => {
            setTo(value);
            setFault(undefined);
          }}
        />
        <Button type="submit" flex="none" px="sm" variant="default" disabled={typeof to !== "number"}>
          {t("more.link")}
        </Button>
      </Group>
      {fault && (
        <Text ref={show} id={id} size="sm" c="var(--ms-late)" role="alert" mt={4}>
          {fault}
        </Text>
      )}
    </form>
  );
}
