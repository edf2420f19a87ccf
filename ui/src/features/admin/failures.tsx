// What the program gave up: mails that could not be sent, and jobs. Each can be tried again.
import { Button, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Loaded, Section } from "./frame";
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
      <Loaded query={letters} empty={{ title: t("failures.noLetters"), hint: t("failures.noLettersHint") }}>
        {(all) => (
          <Wide label={t("failures.letters")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("mail.subject")}</Table.Th>
                  <Table.Th>{t("mail.to")}</Table.Th>
                  <Table.Th>{t("failures.why")}</Table.Th>
                  <Table.Th>{t("failures.attempts")}</Table.Th>
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((letter) => (
                  <Table.Tr key={letter.id}>
                    <Table.Td>
                      <Text fw={550}>{letter.subject}</Text>
                      <Text size="sm" c="dimmed">
                        {format.instant(letter.created_at)}
                      </Text>
                    </Table.Td>
                    <Table.Td>{letter.recipients.join(", ")}</Table.Td>
                    <Table.Td className={classes.code}>{letter.last_error}</Table.Td>
                    <Table.Td className="tabular">{letter.attempts}</Table.Td>
                    <Table.Td>
                      {may && (
                        <Button size="compact-sm" variant="default" onClick={() => resend.mutate(letter.id)}>
                          {t("failures.resend")}
                          <span className="unseen"> {letter.subject}</span>
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
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
      <Loaded query={jobs} empty={{ title: t("failures.noJobs"), hint: t("failures.noJobsHint") }}>
        {(all) => (
          <Wide label={t("failures.jobs")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("failures.job")}</Table.Th>
                  <Table.Th>{t("failures.why")}</Table.Th>
                  <Table.Th>{t("failures.attempts")}</Table.Th>
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((job) => (
                  <Table.Tr key={job.id}>
                    <Table.Td>
                      <Text fw={550}>{job.kind.replaceAll("_", " ")}</Text>
                      <Text size="sm" c="dimmed">
                        {format.instant(job.given_up_at ?? job.created_at)}
                      </Text>
                    </Table.Td>
                    <Table.Td className={classes.code}>{job.reason}</Table.Td>
                    <Table.Td className="tabular">{job.attempts}</Table.Td>
                    <Table.Td>
                      {may && (
                        <Button size="compact-sm" variant="default" onClick={() => requeue.mutate(job.id)}>
                          {t("failures.requeue")}
                          <span className="unseen"> {job.kind}</span>
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
    </Section>
  );
}
