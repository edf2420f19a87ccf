// One's passkeys: listed, made, removed.
import { Alert, Badge, Button, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { everything } from "@/api/pages";
import { useFormats } from "@/app/format";
import { meQuery } from "@/app/session";
import { serviceNow } from "@/app/time";
import { usePasskeysHere } from "@/features/session/use-passkeys";
import { makePasskey, RegisteredAlready } from "@/features/session/webauthn";
import { Failure, LoadingRows } from "@/parts/states";
import { deviceOf } from "./device";
import classes from "./me.module.css";
import { PasswordStep } from "./password-step";

type Passkey = Schemas["Passkey"];

const passkeyListQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: () =>
    everything((cursor) => data(api.GET("/api/v1/me/passkeys", { params: { query: { limit: 100, cursor } } }))),
});

/** What was changed is read again, and so is what it means for the second factor. */
function useReadAgain() {
  const queries = useQueryClient();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: passkeyListQuery.queryKey }),
      queries.invalidateQueries({ queryKey: meQuery.queryKey }),
    ]);
}

export function Passkeys() {
  const { t } = useTranslation("me");
  const isHere = usePasskeysHere();
  const list = useQuery(passkeyListQuery);
  const [step, setStep] = useState<"list" | "new" | Passkey>("list");
  const done = () => setStep("list");
  if (step === "new") return <NewPasskey onDone={done} />;
  if (step !== "list") return <Removal passkey={step} onDone={done} />;
  if (list.isPending) return <LoadingRows rows={2} />;
  if (list.isLoadingError) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <Stack gap="sm" mt="xs">
      <Text size="sm" c="dimmed">
        {t("passkeys.lead")}
      </Text>
      {list.data.length === 0 ? (
        <Text size="sm">{t("passkeys.none")}</Text>
      ) : (
        <ul className={classes.plain}>
          {list.data.map((passkey) => (
            <Line key={passkey.id} passkey={passkey} onRemove={() => setStep(passkey)} />
          ))}
        </ul>
      )}
      {isHere ? (
        <Button w="fit-content" variant={list.data.length ? "default" : "filled"} onClick={() => setStep("new")}>
          {t("passkeys.add")}
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {t("passkeys.cannot")}
        </Text>
      )}
    </Stack>
  );
}

function Line({ passkey, onRemove }: { passkey: Passkey; onRemove: () => void }) {
  const { t } = useTranslation("me");
  const format = useFormats();
  const ago = (at: string) => format.ago(at, serviceNow());
  const { name, backed_up, created_at, last_used_at } = passkey;
  return (
    <li className={classes.line}>
      <span className={classes.grow}>
        {name}{" "}
        {backed_up && (
          <Badge size="sm" variant="light" title={t("passkeys.backedUpHint")}>
            {t("passkeys.backedUp")}
          </Badge>
        )}
        <Text size="xs" c="dimmed">
          {t("passkeys.added", { when: ago(created_at) })} ·{" "}
          {last_used_at ? t("passkeys.used", { when: ago(last_used_at) }) : t("passkeys.unused")}
        </Text>
      </span>
      <Button size="compact-sm" variant="default" aria-label={t("passkeys.removeOf", { name })} onClick={onRemove}>
        {t("passkeys.remove")}
      </Button>
    </li>
  );
}

/** A name and the password, then what the browser asks. */
function NewPasskey({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("me");
  const readAgain = useReadAgain();
  const { browser, system } = deviceOf(navigator.userAgent);
  const [name, setName] = useState([browser, system].filter(Boolean).join(" · "));
  const [password, setPassword] = useState("");
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async () => {
      const body = { password: password || null };
      const { options } = await data(api.POST("/api/v1/me/passkeys/challenges", { body }));
      const credential = await makePasskey(options);
      if (!credential) return null;
      return data(api.POST("/api/v1/me/passkeys", { body: { name, credential } }));
    },
    onSuccess: async (made) => {
      if (!made) return;
      notifications.show({ message: t("passkeys.done") });
      onDone();
      await readAgain();
    },
  });
  const isKnown = make.error instanceof RegisteredAlready;
  return (
    <PasswordStep
      value={password}
      onChange={setPassword}
      error={isKnown ? null : make.error}
      pending={make.isPending}
      action={t("passkeys.make")}
      onSubmit={() => make.mutate()}
      onCancel={onDone}
      isLast
    >
      {isKnown && (
        <Alert color="yellow" role="alert">
          {t("passkeys.already")}
        </Alert>
      )}
      {make.data === null && (
        <Alert color="yellow" role="alert">
          {t("passkeys.dismissed")}
        </Alert>
      )}
      <TextInput
        label={t("passkeys.name")}
        description={t("passkeys.nameHint")}
        required
        autoFocus
        maxLength={200}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
    </PasswordStep>
  );
}

function Removal({ passkey, onDone }: { passkey: Passkey; onDone: () => void }) {
  const { t } = useTranslation("me");
  const readAgain = useReadAgain();
  const [password, setPassword] = useState("");
  const remove = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () =>
      api.POST("/api/v1/me/passkeys/{id}/removal", {
        params: { path: { id: passkey.id } },
        body: { password: password || null },
      }),
    onSuccess: async () => {
      notifications.show({ message: t("passkeys.removed") });
      onDone();
      await readAgain();
    },
  });
  return (
    <PasswordStep
      value={password}
      onChange={setPassword}
      error={remove.error}
      pending={remove.isPending}
      action={t("passkeys.remove")}
      onSubmit={() => remove.mutate()}
      onCancel={onDone}
    >
      <Text size="sm">{t("passkeys.removing", { name: passkey.name })}</Text>
    </PasswordStep>
  );
}
