// The first run: from an empty store to the first ticket, a step at a time.
import { Box, Button, Paper, Stack, Stepper, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { meQuery } from "@/app/session";
import { Mark } from "@/parts/mark";
import { Failure, LoadingRows } from "@/parts/states";
import { AccountStep, TeamStep, TicketStep } from "./about-you";
import { Administrator } from "./administrator";
import { ChoosePack } from "./choose-pack";
import { CompanyStep } from "./company";
import { MailboxStep } from "./mailbox";
import classes from "./set-up.module.css";
import { doneSteps, foundQuery, nextStep, STEPS, type Step, saidSteps, sayStep } from "./steps";

const NOTHING = { administrator: false, company: false, policies: 0, teams: 0, accounts: 0, tickets: 0 };

export function SetUp() {
  const { t } = useTranslation("set_up");
  const me = useQuery(meQuery);
  const signedIn = Boolean(me.data);
  const found = useQuery({ ...foundQuery, enabled: signedIn });
  const [said, setSaid] = useState(saidSteps);
  const [looked, look] = useState<Step | null>(null);
  const done = doneSteps(found.data ?? { ...NOTHING, administrator: signedIn }, said);
  const open = looked ?? nextStep(done);
  useEffect(() => {
    document.title = `${t("title")} · Mainstay`;
  }, [t]);
  const panel = useRef<HTMLDivElement>(null);
  const shown = useRef(open);
  useEffect(() => {
    if (shown.current === open) return;
    shown.current = open;
    // What had the focus is gone with its step: the next one begins at its title.
    const title = panel.current?.querySelector("h2");
    title?.setAttribute("tabindex", "-1");
    title?.focus();
  }, [open]);
  const goOn = (step: Step) => {
    setSaid(sayStep(step));
    look(null);
    void found.refetch();
  };
  const pages = {
    administrator: <Administrator onDone={() => look(null)} />,
    company: <CompanyStep onDone={() => goOn("company")} />,
    pack: <ChoosePack onDone={() => goOn("pack")} />,
    mailbox: <MailboxStep onDone={() => goOn("mailbox")} />,
    team: <TeamStep onDone={() => goOn("team")} />,
    account: <AccountStep onDone={() => goOn("account")} />,
    ticket: <TicketStep onDone={() => goOn("ticket")} />,
  };
  return (
    <Box component="main" className={classes.page}>
      <Stack className={classes.frame} gap="lg">
        <Mark />
        <Stack gap={4}>
          <Title order={1}>{t("title")}</Title>
          <Text c="dimmed">{t("lead")}</Text>
        </Stack>
        <Stepper
          active={open ? STEPS.indexOf(open) : STEPS.length}
          onStepClick={(step) => look(STEPS[step] ?? null)}
          size="sm"
          wrap={false}
          classNames={{ step: classes.step, stepBody: classes.words, separator: classes.between }}
        >
          {STEPS.map((step) => (
            <Stepper.Step
              key={step}
              label={t(`step.${step}`)}
              allowStepSelect={signedIn && step !== "administrator"}
              state={open === step ? "stepProgress" : done.has(step) ? "stepCompleted" : "stepInactive"}
            />
          ))}
        </Stepper>
        <Paper withBorder p="lg" className={classes.panel} ref={panel}>
          {signedIn && found.isPending ? (
            <LoadingRows rows={6} />
          ) : found.isLoadingError ? (
            <Failure error={found.error} onRetry={() => void found.refetch()} />
          ) : open ? (
            pages[open]
          ) : (
            <Stack>
              <Title order={2}>{t("done.title")}</Title>
              <Text c="dimmed">{t("done.lead")}</Text>
              <Button component={Link} to="/inbox" w="fit-content">
                {t("done.go")}
              </Button>
            </Stack>
          )}
        </Paper>
      </Stack>
    </Box>
  );
}
