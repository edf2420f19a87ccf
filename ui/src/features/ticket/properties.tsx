// What is known of a ticket, each of it changed in place.
import { Select, Stack, TagsInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiProblem, api, data, onVersion, type Schemas } from "@/api/client";
import { useMay } from "@/app/session";
import { type Ticket, ticketQuery } from "./queries";
import classes from "./ticket.module.css";
import { useValues, type Value } from "./values";

type Change = Schemas["TicketChangeInput"];

/**
 * Changes a ticket as it was read: who saves upon another's change is told, and nothing is overwritten. Other refusals are told
 * beside the screen, or where `onRefused` tells them.
 */
export function useChange(ticket: Ticket, onRefused?: (reason: string) => void) {
  const { t } = useTranslation("ticket");
  const queries = useQueryClient();
  return useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: Change) =>
      data(
        api.PATCH("/api/v1/tickets/{id}", {
          params: { path: { id: ticket.id }, header: onVersion(ticket.version) },
          body,
        }),
      ),
    onSuccess: (changed) => {
      for (const id of [ticket.id, String(ticket.number)]) queries.setQueryData(ticketQuery(id).queryKey, changed);
    },
    onError: (error) => {
      const isStale = error instanceof ApiProblem && (error.status === 412 || error.status === 409);
      if (onRefused && !isStale) return onRefused(error.message);
      notifications.show({
        color: isStale ? "orange" : "red",
        title: t(isStale ? "changedMeanwhile" : "notDone"),
        message: isStale ? t("changedMeanwhileHint") : error.message,
        autoClose: 10_000,
      });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["tickets"] }),
  });
}

/** Values as a field takes them. */
function optionsOf(values: Value[]): { value: string; label: string }[] {
  return values.map(({ id, name }) => ({ value: id, label: name }));
}

export function Properties({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const values = useValues();
  const statuses = optionsOf(values.statuses);
  const categories = optionsOf(values.categories);
  const change = useChange(ticket);
  const mayUpdate = useMay("ticket.update");
  const mayAssign = useMay("ticket.assign");
  const mayPrioritise = useMay("ticket.prioritise");
  const tagsOf = (tags: string[]): Change => ({
    add_tags: tags.filter((tag) => !ticket.tags.includes(tag)),
    remove_tags: ticket.tags.filter((tag) => !tags.includes(tag)),
  });
  return (
    <section className={classes.card} aria-label={t("properties")}>
      <Title order={2} className={classes.cardTitle ?? ""}>
        {t("properties")}
      </Title>
      <Stack gap="xs">
        <Select
          label={t("status")}
          value={ticket.status}
          disabled={!mayUpdate}
          allowDeselect={false}
          data={[
            ...(statuses.some(({ value }) => value === ticket.status)
              ? []
              : [
                  {
                    value: ticket.status,
                    label: common(`status.${ticket.status}` as "status.new", { defaultValue: ticket.status }),
                  },
                ]),
            ...statuses,
          ]}
          onChange={(status) => status && change.mutate({ status })}
        />
        <Select
          label={t("severity")}
          value={ticket.severity}
          disabled={!mayPrioritise}
          allowDeselect={false}
          data={optionsOf(values.severities)}
          onChange={(severity) => severity && change.mutate({ severity })}
        />
        <Select
          label={t("assignee")}
          value={ticket.assignee ?? null}
          placeholder={common("person.nobody")}
          disabled={!mayAssign}
          searchable
          clearable
          data={optionsOf(values.agents)}
          onChange={(assignee) => change.mutate({ assignee })}
        />
        <Select
          label={t("team")}
          value={ticket.team ?? null}
          placeholder={t("none")}
          disabled={!mayAssign}
          clearable
          data={optionsOf(values.teams)}
          onChange={(team) => change.mutate({ team })}
        />
        <Select
          label={t("category")}
          value={ticket.category ?? null}
          placeholder={t("none")}
          disabled={!mayUpdate}
          clearable
          searchable
          data={
            ticket.category && !categories.some(({ value }) => value === ticket.category)
              ? [ticket.category, ...categories]
              : categories
          }
          onChange={(category) => change.mutate({ category })}
        />
        <TagsInput
          label={t("tags")}
          value={ticket.tags}
          disabled={!mayUpdate}
          onChange={(tags) => change.mutate(tagsOf(tags))}
        />
      </Stack>
    </section>
  );
}
