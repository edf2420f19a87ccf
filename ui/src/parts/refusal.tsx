// Why a change was refused, beside the form that asked for it.
import { Alert, List } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "@/api/client";
import classes from "./refusal.module.css";

/** Says why something was not done, with every fault that the service found; nothing while there is no failure. */
export function Refusal({ error }: { error: Error | null }) {
  const { t } = useTranslation();
  if (!error) return null;
  const isProblem = error instanceof ApiProblem;
  // Where a fault is stands at its field, and what fields are called for programs is nothing to read.
  const faults = isProblem ? [...new Set(error.faults.map(({ detail }) => detail))] : [];
  // A fault alone is the message itself.
  const list = faults.length > 1 ? faults : [];
  return (
    <Alert color="red" role="alert" title={t("failure.notDone")}>
      {isProblem && error.status === 412 ? t("failure.changed") : list.length === 0 && error.message}
      {list.length > 0 && (
        <List size="sm" mt="xs">
          {list.map((detail) => (
            <List.Item key={detail}>
              <span className={classes.fault} data-lines={detail.includes("\n") || undefined}>
                {detail}
              </span>
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
