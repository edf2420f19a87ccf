// What can be done to a ticket by key and in the palette: what its screen changes, with the values to choose from.
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Choice, type Command, useCommands } from "@/app/commands";
import { useMay, useMe } from "@/app/session";
import { useAgents } from "@/features/directory/directory";
import { lastView } from "@/features/inbox/last";
import { ticketNumber } from "@/features/shell/palette-words";
import { useChange } from "./properties";
import type { Ticket } from "./queries";
import { RELATIONS, useRelation, useValues, type Value } from "./values";

/** The dialogues in which a ticket is changed. */
export type TicketDialog = "merge" | "split" | "escalate";

/** What its commands are said to be about. */
export function ticketName({ number, subject }: Ticket): string {
  return `#${number} ${subject}`;
}

export function useTicketCommands(ticket: Ticket, openDialog: (dialog: TicketDialog) => void): void {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const change = useChange(ticket);
  const values = useValues();
  const agents = useAgents();
  const relationName = useRelation();
  const mayAssign = useMay("ticket.assign");
  const mayUpdate = useMay("ticket.update");
  const mayPrioritise = useMay("ticket.prioritise");
  const mayMerge = useMay("ticket.merge");
  const mayEscalate = useMay("escalation.raise");
  const isClosed = ticket.status_kind === "closed";
  const isDone = isClosed || ticket.status_kind === "resolved";

  /** Every value but the one it has, and none where it may have none. */
  const others = (all: Value[], now: string | null | undefined, choose: (id: string) => void) =>
    all.filter(({ id }) => id !== now).map(({ id, name }): Choice => ({ id, name, act: () => choose(id) }));
  const none = (name: string, now: string | null | undefined, act: () => void): Choice[] =>
    now ? [{ id: "none", name, act }] : [];

  const tags = (words: string): Choice[] => {
    const typed = words.trim();
    const isNew = typed !== "" && !ticket.tags.includes(typed);
    return [
      ...(isNew
        ? [{ id: `+${typed}`, name: t("tag.add", { tag: typed }), act: () => change.mutate({ add_tags: [typed] }) }]
        : []),
      ...ticket.tags.map((tag) => ({
        id: `-${tag}`,
        name: t("tag.remove", { tag }),
        act: () => change.mutate({ remove_tags: [tag] }),
      })),
    ];
  };
  const followers = (): Choice[] => [
    ...ticket.followers.map((id) => ({
      id: `-${id}`,
      name: t("follower.remove", { name: agents.get(id)?.name ?? id }),
      act: () => change.mutate({ remove_followers: [id] }),
    })),
    ...values.agents
      .filter(({ id }) => !ticket.followers.includes(id))
      .map(({ id, name }) => ({
        id: `+${id}`,
        name: t("follower.add", { name }),
        act: () => change.mutate({ add_followers: [id] }),
      })),
  ];
  const links = (words: string): Choice[] => {
    const number = Number(ticketNumber(words));
    if (Number.isNaN(number)) return [];
    return RELATIONS.map((relation) => ({
      id: relation,
      name: `${relationName(relation)} #${number}`,
      act: () => change.mutate({ add_links: [{ to: number, relation }] }),
    }));
  };

  const toAssign: Command[] = [
    ...(me.id && me.id !== ticket.assignee
      ? [{ action: "take" as const, act: () => change.mutate({ assignee: me.id ?? null }) }]
      : []),
    {
      action: "assign",
      choices: () => [
        ...none(common("person.nobody"), ticket.assignee, () => change.mutate({ assignee: null })),
        ...others(values.agents, ticket.assignee, (assignee) => change.mutate({ assignee })),
      ],
    },
    {
      action: "team",
      choices: () => [
        ...none(t("none"), ticket.team, () => change.mutate({ team: null })),
        ...others(values.teams, ticket.team, (team) => change.mutate({ team })),
      ],
    },
  ];
  const toUpdate: Command[] = [
    ...(isDone ? [] : [{ action: "resolve" as const, act: () => change.mutate({ status: "resolved" }) }]),
    ...(isClosed ? [] : [{ action: "close" as const, act: () => change.mutate({ status: "closed" }) }]),
    {
      action: "status",
      choices: () => others(values.statuses, ticket.status, (status) => change.mutate({ status })),
    },
    {
      action: "category",
      choices: () => [
        ...none(t("none"), ticket.category, () => change.mutate({ category: null })),
        ...others(values.categories, ticket.category, (category) => change.mutate({ category })),
      ],
    },
    { action: "tags", choices: tags, hint: t("tag.hint") },
    { action: "follow", choices: followers },
    { action: "link", choices: links, hint: t("more.to") },
  ];
  useCommands(ticketName(ticket), [
    ...(mayAssign ? toAssign : []),
    ...(mayPrioritise
      ? [
          {
            action: "severity" as const,
            choices: () => others(values.severities, ticket.severity, (severity) => change.mutate({ severity })),
          },
        ]
      : []),
    ...(mayUpdate ? toUpdate : []),
    ...(mayEscalate ? [{ action: "escalate" as const, act: () => openDialog("escalate") }] : []),
    ...(mayMerge
      ? [
          { action: "merge" as const, act: () => openDialog("merge") },
          { action: "split" as const, act: () => openDialog("split") },
        ]
      : []),
    { action: "back", act: () => navigate({ to: "/inbox", search: lastView() }) },
  ]);
}
