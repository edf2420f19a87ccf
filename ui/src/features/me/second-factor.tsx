// One's second factor: set up, confirmed, its recovery codes, removed.
import { Badge, Button, CopyButton, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy, IconDownload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { meQuery, useMe } from "@/app/session";
import { Refusal } from "@/parts/refusal";
import classes from "./me.module.css";
import { PasswordStep, submits } from "./password-step";

type Step = "none" | "begin" | "renew" | "remove";

export function SecondFactor() {
  const { t } = useTranslation("me");
  const me = useMe();
  const factor = me.second_factor;
  const [step, setStep] = useState<Step>("none");
  const [codes, setCodes] = useState<string[] | null>(null);
  const done = () => setStep("none");
  if (codes) return <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />;
  if (step === "begin") return <Enrolment onDone={done} onCodes={setCodes} />;
  if (step !== "none") return <WithPassword step={step} onDone={done} onCodes={setCodes} />;
  return (
    <Stack gap="sm" mt="xs">
      <Group gap="xs">
        <Text size="sm" fw={500}>
          {t("factor.authenticator")}
        </Text>
        <Badge variant="light" color={factor.authenticator ? "green" : "gray"}>
          {t(factor.authenticator ? "factor.on" : "factor.off")}
        </Badge>
        {factor.enabled && <Text size="sm">{t("factor.codesLeft", { count: factor.recovery_codes })}</Text>}
      </Group>
      <Text size="sm" c="dimmed">
        {t(factor.enabled && !factor.authenticator ? "factor.byPasskey" : "factor.lead")}
      </Text>
      <Group gap="xs">
        {!factor.authenticator && me.password && (
          <Button variant={factor.enabled ? "default" : "filled"} onClick={() => setStep("begin")}>
            {t("factor.begin")}
          </Button>
        )}
        {factor.enabled && me.password && (
          <Button variant="default" onClick={() => setStep("renew")}>
            {t("factor.renew")}
          </Button>
        )}
        {factor.authenticator && (
          <Button variant="default" onClick={() => setStep("remove")}>
            {t("factor.remove")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

interface Ends {
  onDone: () => void;
  onCodes: (codes: string[]) => void;
}

/** The password, then the picture and the code that proves that it works. */
function Enrolment({ onDone, onCodes }: Ends) {
  const { t } = useTranslation("me");
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () => data(api.POST("/api/v1/me/second-factor", { body: { password } })),
  });
  const confirm = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () => data(api.POST("/api/v1/me/second-factor/confirmation", { body: { code } })),
    onSuccess: async ({ recovery_codes }) => {
      onCodes(recovery_codes);
      onDone();
      await queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  if (!begin.data)
    return (
      <PasswordStep
        value={password}
        onChange={setPassword}
        error={begin.error}
        pending={begin.isPending}
        action={t("factor.next")}
        onSubmit={() => begin.mutate()}
        onCancel={onDone}
      />
    );
  return (
    <form onSubmit={submits(() => confirm.mutate())}>
      <Stack mt="xs">
        <Text size="sm">{t("factor.scan")}</Text>
        <img
          className={classes.qr}
          alt={t("factor.picture")}
          src={`data:image/svg+xml;utf8,${encodeURIComponent(begin.data.picture)}`}
        />
        <Text size="sm">
          {t("factor.orType")} <code className={classes.secret}>{begin.data.secret}</code>
        </Text>
        <Refusal error={confirm.error} />
        <TextInput
          label={t("factor.code")}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          autoFocus
          value={code}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
        />
        <Group gap="xs">
          <Button type="submit" loading={confirm.isPending}>
            {t("factor.confirm")}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t("factor.cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What needs nothing but the password once more. */
function WithPassword({ step, onDone, onCodes }: Ends & { step: "renew" | "remove" }) {
  const { t } = useTranslation("me");
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const act = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async () => {
      const body = { password };
      if (step === "remove") {
        await api.POST("/api/v1/me/second-factor/removal", { body });
        return null;
      }
      return (await data(api.POST("/api/v1/me/second-factor/recovery-codes", { body }))).recovery_codes;
    },
    onSuccess: async (codes) => {
      if (codes) onCodes(codes);
      onDone();
      await queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  return (
    <PasswordStep
      value={password}
      onChange={setPassword}
      error={act.error}
      pending={act.isPending}
      action={t(step === "remove" ? "factor.remove" : "factor.renew")}
      onSubmit={() => act.mutate()}
      onCancel={onDone}
    />
  );
}

/** Shown once, to be written down. */
function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation("me");
  const text = codes.join("\n");
  return (
    <Stack mt="xs" gap="sm" role="status">
      <Text size="sm">{t("factor.codesLead")}</Text>
      <ul className={classes.codes} aria-label={t("factor.codes")}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Group gap="xs">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              // What had the focus is gone.
              autoFocus
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              onClick={copy}
            >
              {t(copied ? "factor.copied" : "factor.copy")}
            </Button>
          )}
        </CopyButton>
        <Button
          component="a"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
          download={t("factor.file")}
        >
          {t("factor.download")}
        </Button>
      </Group>
      <Button w="fit-content" onClick={onDone}>
        {t("factor.kept")}
      </Button>
    </Stack>
  );
}
