// Where somebody is signed in, each to be ended.
import { Badge, Button, Text } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { serviceNow } from "@/app/time";
import { deviceOf } from "./device";
import classes from "./me.module.css";

interface Props {
  sessions: readonly Schemas["Session"][];
  ending: Pick<UseMutationResult<unknown, Error, string>, "mutate" | "isPending" | "variables">;
}

export function SessionList({ sessions, ending }: Props) {
  const { t } = useTranslation("me");
  const format = useFormats();
  return (
    <ul className={classes.plain}>
      {sessions.map((session) => {
        const { browser, system } = deviceOf(session.user_agent);
        const name = [browser ?? session.user_agent, system].filter(Boolean).join(" · ");
        return (
          <li key={session.id} className={classes.line}>
            <span className={classes.grow}>
              {name}
              <Text size="xs" c="dimmed">
                {t("seen", { when: format.ago(session.last_seen_at, serviceNow()) })} ·{" "}
                {t("until", { at: format.instant(session.expires_at) })}
              </Text>
            </span>
            {session.current ? (
              <Badge variant="light">{t("here")}</Badge>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={t("endOf", { name })}
                loading={ending.isPending && ending.variables === session.id}
                onClick={() => ending.mutate(session.id)}
              >
                {t("end")}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
