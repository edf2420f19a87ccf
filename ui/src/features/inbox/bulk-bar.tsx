// What is done to several tickets at once, and undone with one key.
import { Button, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useMay, useMe } from "@/app/session";
import { useAgents, useTeams } from "@/features/directory/directory";
import type { Ticket } from "@/features/ticket/queries";
import classes from "./inbox.module.css";
import type { Selection } from "./selection";

type Change = Schemas["BulkChangeInput"]["change"];

/** What puts a ticket back as it was before a change, as far as the change touched it. */
export function undoOf(change: Change, before: Ticket): Change {
  const back: Change = {};
  if (change.severity !== undefined) back.severity = before.severity;
  if (change.status !== undefined) back.status = before.status;
  if (change.assignee !== undefined) back.assignee = before.assignee ?? null;
  if (change.team !== undefined) back.team = before.team ?? null;
  return back;
}

export function BulkBar({ selection, rows }: { selection: Selection; rows: Ticket[] }) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const me = useMe();
  const agents = useAgents();
  const teams = useTeams();
  const queries = useQueryClient();
  const chosen = rows.filter(({ id }) => selection.marked.has(id));
  const apply = useMutation({
    mutationFn: ({ change, tickets }: { change: Change; tickets: string[] }) =>
      data(api.POST("/api/v1/tickets/bulk", { body: { change, tickets } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tickets"] }),
  });
  const undo = useRef<() => void>(undefined);
  const mayBulk = useMay("ticket.bulk");

  const change = (change: Change) =>
    apply.mutate(
      { change, tickets: chosen.map(({ id }) => id) },
      {
        onSuccess: (outcomes) => {
          selection.clear();
          const done = chosen.filter((_, place) => outcomes[place]?.done);
          const refused = outcomes.find((outcome) => !outcome.done);
          undo.current = () => {
            undo.current = undefined;
            notifications.hide(id);
            for (const ticket of done) apply.mutate({ change: undoOf(change, ticket), tickets: [ticket.id] });
          };
          const id = notifications.show({
            autoClose: 10_000,
            color: refused ? "orange" : "harbor",
            title: t("bulk.done", { count: done.length }),
            message: (
              <>
                {refused && <Text size="sm">{refused.reason}</Text>}
                <Button size="compact-sm" variant="subtle" onClick={() => undo.current?.()}>
                  {common("action.undo")}
                </Button>
              </>
            ),
          });
        },
      },
    );
  const takes = chosen.length > 0 && mayBulk;
  useKeys({
    undo: () => undo.current?.(),
    take: () => takes && me.id && change({ assignee: me.id }),
    resolve: () => takes && change({ status: "resolved" }),
    close: () => takes && change({ status: "closed" }),
  });
  if (!takes) return null;
  return (
    <div className={classes.bulk} role="toolbar" aria-label={t("bulk.label")}>
      <Text size="sm" fw={600}>
        {t("bulk.chosen", { count: chosen.length })}
      </Text>
      <Button size="compact-sm" variant="default" onClick={() => me.id && change({ assignee: me.id })}>
        {t("bulk.take")}
      </Button>
      <Choice
        label={t("bulk.assign")}
        options={[...agents.values()].filter((agent) => agent.active)}
        onChoose={(assignee) => change({ assignee })}
      />
      <Choice label={t("bulk.team")} options={[...teams.values()]} onChoose={(team) => change({ team })} />
      <Choice
        label={t("bulk.severity")}
        options={(["P1", "P2", "P3", "P4"] as const).map((id) => ({ id, name: `${id} ${common(`severity.${id}`)}` }))}
        onChoose={(severity) => change({ severity })}
      />
      <Choice
        label={t("bulk.status")}
        options={(["open", "pending_customer", "on_hold", "resolved"] as const).map((id) => ({
          id,
          name: common(`status.${id}`),
        }))}
        onChoose={(status) => change({ status })}
      />
      <Button size="compact-sm" variant="subtle" onClick={selection.clear}>
        {t("bulk.clear")}
      </Button>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  options: { id: string; name: string }[];
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
