// What the program gave up: mails that could not be sent, and jobs. Each can be tried again.
import { Table } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import classes from "./admin.module.css";
import { Section } from "./frame";
import { ListTable, RowAction, RowTitle } from "./list-table";
import { useListing } from "./listing";

export function Failures() {
  return (
    <>
      <DeadLetters />
      <GivenUpJobs />
    </>
  );
}

function DeadLetters() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const may = useMay("mail.resend");
  const queries = useQueryClient();
  const letters = useListing(["mails", "dead"], (cursor) =>
    data(api.GET("/api/v1/mail/dead", { params: { query: { limit: 50, cursor } } })),
  );
  const resend = useMutation({
    mutationFn: (id: string) =>
      api.POST("/api/v1/mail/dead/{id}/resend", { params: { path: { id } }, headers: onceKey() }),
    onSuccess: () => notifications.show({ message: t("failures.resent") }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["mails"] }),
  });
  return (
    <Section title={t("failures.letters")} lead={t("failures.lettersLead")}>
      <ListTable
        query={letters}
        empty={{ title: t("failures.noLetters"), hint: t("failures.noLettersHint") }}
        label={t("failures.letters")}
        heads={[t("mail.subject"), t("mail.to"), t("failures.why"), t("failures.attempts")]}
        hasActions
      >
        {(letter) => (
          <Table.Tr key={letter.id}>
            <RowTitle title={letter.subject} detail={format.instant(letter.created_at)} />
            <Table.Td>{letter.recipients.join(", ")}</Table.Td>
            <Table.Td className={classes.code}>{letter.last_error}</Table.Td>
            <Table.Td className="tabular">{letter.attempts}</Table.Td>
            <Table.Td>
              {may && (
                <RowAction word={t("failures.resend")} row={letter.subject} onClick={() => resend.mutate(letter.id)} />
              )}
            </Table.Td>
          </Table.Tr>
        )}
      </ListTable>
    </Section>
  );
}

function GivenUpJobs() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const may = useMay("settings.update");
  const queries = useQueryClient();
  const jobs = useListing(["jobs", "given-up"], (cursor) =>
    data(api.GET("/api/v1/jobs/given-up", { params: { query: { limit: 50, cursor } } })),
  );
  const requeue = useMutation({
    mutationFn: (id: string) => api.POST("/api/v1/jobs/{id}/requeue", { params: { path: { id } }, headers: onceKey() }),
    onSuccess: () => notifications.show({ message: t("failures.requeued") }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["jobs"] }),
  });
  return (
    <Section title={t("failures.jobs")} lead={t("failures.jobsLead")}>
      <ListTable
        query={jobs}
        empty={{ title: t("failures.noJobs"), hint: t("failures.noJobsHint") }}
        label={t("failures.jobs")}
        heads={[t("failures.job"), t("failures.why"), t("failures.attempts")]}
        hasActions
      >
        {(job) => (
          <Table.Tr key={job.id}>
            <RowTitle
              title={job.kind.replaceAll("_", " ")}
              detail={format.instant(job.given_up_at ?? job.created_at)}
            />
            <Table.Td className={classes.code}>{job.reason}</Table.Td>
            <Table.Td className="tabular">{job.attempts}</Table.Td>
            <Table.Td>
              {may && <RowAction word={t("failures.requeue")} row={job.kind} onClick={() => requeue.mutate(job.id)} />}
            </Table.Td>
          </Table.Tr>
        )}
      </ListTable>
    </Section>
  );
}
