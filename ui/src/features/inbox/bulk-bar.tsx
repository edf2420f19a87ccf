// What is done to several tickets at once, and undone with one key.
import { Button, List, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { type Command, useCommands } from "@/app/commands";
import { type KeyAction, useKeys } from "@/app/keys";
import { useMay, useMe } from "@/app/session";
import type { Ticket } from "@/features/ticket/queries";
import { useValues, type Value } from "@/features/ticket/values";
import { type Outcome, type Undo, undoOf } from "./bulk";
import classes from "./inbox.module.css";
import type { Selection } from "./selection";

type Change = Schemas["BulkChangeInput"]["change"];

/** How long undoing is offered, in milliseconds; the service allows a minute. */
const OFFERED = 20_000;

/** How many tickets that refused are named. */
const NAMED = 5;

export function BulkBar({ selection, rows }: { selection: Selection; rows: Ticket[] }) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const me = useMe();
  const values = useValues();
  const queries = useQueryClient();
  const chosen = rows.filter(({ id }) => selection.marked.has(id));
  const apply = useMutation({
    mutationFn: ({ change, tickets }: { change: Change; tickets: string[] }) =>
      data(api.POST("/api/v1/tickets/bulk", { body: { change, tickets } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tickets"] }),
  });
  const takeBack = useMutation({
    mutationFn: (changes: Undo) => data(api.POST("/api/v1/tickets/bulk/undo", { body: { changes } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tickets"] }),
    onSuccess: (outcomes) => {
      const done = outcomes.filter((outcome) => outcome.done).length;
      notifications.show({
        autoClose: 10_000,
        color: done < outcomes.length ? "orange" : "harbor",
        title: t("bulk.undone", { count: done }),
        message: <Refused outcomes={outcomes} words={(count) => t("bulk.notUndone", { count })} rows={rows} />,
      });
    },
  });
  const undo = useRef<() => void>(undefined);
  const mayBulk = useMay("ticket.bulk");

  const change = (change: Change) =>
    apply.mutate(
      { change, tickets: chosen.map(({ id }) => id) },
      {
        onSuccess: (outcomes) => {
          selection.clear();
          const changes = undoOf(outcomes);
          const isRefused = outcomes.some((outcome) => !outcome.done);
          const takeAllBack = () => {
            undo.current = undefined;
            notifications.hide(id);
            takeBack.mutate(changes);
          };
          undo.current = changes.length > 0 ? takeAllBack : undefined;
          const id = notifications.show({
            autoClose: OFFERED,
            color: isRefused ? "orange" : "harbor",
            title: changes.length > 0 || isRefused ? t("bulk.done", { count: changes.length }) : t("bulk.already"),
            message: (
              <>
                <Refused outcomes={outcomes} words={(count) => t("bulk.notDone", { count })} rows={chosen} />
                {changes.length > 0 && (
                  <Button size="compact-sm" variant="subtle" onClick={takeAllBack}>
                    {common("action.undo")}
                  </Button>
                )}
              </>
            ),
          });
        },
      },
    );
  const takes = chosen.length > 0 && mayBulk;
  const take = () => me.id && change({ assignee: me.id });
  const offers: { action: KeyAction; label: string; options: Value[]; onChoose: (id: string) => void }[] = [
    {
      action: "assign",
      label: t("bulk.assign"),
      options: values.agents,
      onChoose: (assignee) => change({ assignee }),
    },
    { action: "team", label: t("bulk.team"), options: values.teams, onChoose: (team) => change({ team }) },
    {
      action: "severity",
      label: t("bulk.severity"),
      options: values.severities,
      onChoose: (severity) => change({ severity }),
    },
    {
      action: "status",
      label: t("bulk.status"),
      options: values.statuses,
      onChoose: (status) => change({ status }),
    },
  ];
  const commands: Command[] = [
    { action: "take", act: take },
    { action: "resolve", act: () => change({ status: "resolved" }) },
    { action: "close", act: () => change({ status: "closed" }) },
    ...offers.map(({ action, options, onChoose }) => ({
      action,
      choices: () => options.map(({ id, name }) => ({ id, name, act: () => onChoose(id) })),
    })),
  ];
  useKeys({ undo: () => undo.current?.() });
  useCommands(t("bulk.chosen", { count: chosen.length }), takes ? commands : []);
  if (!takes) return null;
  return (
    <div className={classes.bulk} role="toolbar" aria-label={t("bulk.label")}>
      <Text size="sm" fw={600}>
        {t("bulk.chosen", { count: chosen.length })}
      </Text>
      <Button size="compact-sm" variant="default" onClick={take}>
        {t("bulk.take")}
      </Button>
      {offers.map(({ action, label, options, onChoose }) => (
        <Choice key={action} label={label} options={options} onChoose={onChoose} />
      ))}
      <Button size="compact-sm" variant="subtle" onClick={selection.clear}>
        {t("bulk.clear")}
      </Button>
    </div>
  );
}

interface RefusedProps {
  outcomes: Outcome[];
  words: (count: number) => string;
  rows: Ticket[];
}

/** Which tickets refused, and why. */
function Refused({ outcomes, words, rows }: RefusedProps) {
  const refused = outcomes.filter(({ done }) => !done);
  if (refused.length === 0) return null;
  const nameOf = (asked: string) => {
    const row = rows.find(({ id }) => id === asked);
    return row ? `#${row.number}` : asked;
  };
  return (
    <>
      <Text size="sm">{words(refused.length)}</Text>
      <List size="sm">
        {refused.slice(0, NAMED).map(({ asked, reason }) => (
          <List.Item key={asked}>
            {nameOf(asked)}: {reason}
          </List.Item>
        ))}
        {refused.length > NAMED && <List.Item>…</List.Item>}
      </List>
    </>
  );
}

interface ChoiceProps {
  label: string;
  options: Value[];
  onChoose: (id: string) => void;
}

function Choice({ label, options, onChoose }: ChoiceProps) {
  return (
    <Menu>
      <Menu.Target>
        <Button size="compact-sm" variant="default">
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="20rem" style={{ overflow: "auto" }}>
        {options.map(({ id, name }) => (
          <Menu.Item key={id} onClick={() => onChoose(id)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
