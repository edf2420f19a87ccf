// A test of mail as it is set: the servers are asked, and a mail that is sent is seen to come in.
import { Button, Code, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { Refusal } from "@/parts/refusal";
import classes from "./admin.module.css";
import { State } from "./state";

type Checked = Schemas["CheckedMailServer"];
type Outcome = "passed" | "failed" | "not_set" | "waiting" | "arrived" | "late" | "unsent";
type Step = "reach" | "sign_in" | "open_folder" | "hand_over";

/** How often it is asked whether the mail has come. */
const EVERY = 2_000;

/** After this long something between the servers is likely wrong. */
const PATIENCE = 60_000;

const TONES: Record<Outcome, string> = {
  passed: "active",
  arrived: "active",
  failed: "failed",
  late: "failed",
  not_set: "unset",
  unsent: "unset",
  waiting: "queued",
};

interface MailTestProps {
  /** The mailbox that is tested; everything that is set when absent. */
  mailbox?: string;
}

export function MailTest({ mailbox }: MailTestProps) {
  const { t } = useTranslation("admin");
  const test = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async () => ({
      begun: Date.now(),
      shown: await data(
        mailbox
          ? api.POST("/api/v1/mailboxes/{id}/tests", { params: { path: { id: mailbox } }, headers: onceKey() })
          : api.POST("/api/v1/mail/tests", { headers: onceKey() }),
      ),
    }),
  });
  const shown = test.data?.shown;
  const isSent = shown?.sending.outcome === "passed";
  const arrival = useQuery({
    queryKey: ["mail-test", shown?.id],
    enabled: isSent,
    refetchInterval: ({ state }) => (state.data?.arrived_at ? false : EVERY),
    queryFn: async () => ({
      ...(await data(api.GET("/api/v1/mail/tests/{id}", { params: { path: { id: shown?.id ?? "" } } }))),
      isLate: Date.now() - (test.data?.begun ?? 0) > PATIENCE,
    }),
  });
  const arrived: Outcome = !isSent
    ? "unsent"
    : arrival.data?.arrived_at
      ? "arrived"
      : arrival.data?.isLate
        ? "late"
        : "waiting";
  return (
    <Stack gap="sm">
      <Refusal error={test.error ?? arrival.error} />
      {shown && !test.isPending && (
        <ul className={classes.steps} aria-live="polite">
          <Server label={t("mailTest.sending")} checked={shown.sending} address={shown.address} />
          {shown.mailboxes.map(({ user, host, folder, checked }) => (
            <Server
              key={`${user}@${host}/${folder}`}
              label={t("mailTest.mailbox", { user, host, folder })}
              checked={checked}
              address={shown.address}
            />
          ))}
          {shown.mailboxes.length === 0 && (
            <Part label={t("mailTest.mailboxes")} outcome="not_set">
              {t("mailTest.noMailbox")}
            </Part>
          )}
          <Part label={t("mailTest.arrival", { address: shown.address })} outcome={arrived}>
            {arrived === "late" && t("mailTest.late", { address: shown.address })}
          </Part>
        </ul>
      )}
      <Button variant="default" w="fit-content" loading={test.isPending} onClick={() => test.mutate()}>
        {t(shown ? "mailTest.again" : "mailTest.test")}
      </Button>
    </Stack>
  );
}

function Server({ label, checked, address }: { label: string; checked: Checked; address: string }) {
  const { t } = useTranslation("admin");
  const outcome = checked.outcome as Outcome;
  return (
    <Part label={label} outcome={outcome}>
      {outcome === "not_set" && t("mailTest.noServer")}
      {checked.step && (
        <>
          {t(`mailTest.failed.${checked.step as Step}`)} {t(`mailTest.mend.${checked.step as Step}`, { address })}
          <Code block mt={4} className={classes.said ?? ""}>
            {checked.reason}
          </Code>
        </>
      )}
    </Part>
  );
}

function Part({ label, outcome, children }: { label: string; outcome: Outcome; children?: ReactNode }) {
  const { t } = useTranslation("admin");
  return (
    <li>
      <Group gap="xs">
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <State state={TONES[outcome]} word={t(`mailTest.outcome.${outcome}`)} />
      </Group>
      {children && (
        <Text component="div" size="sm" c="dimmed">
          {children}
        </Text>
      )}
    </li>
  );
}
