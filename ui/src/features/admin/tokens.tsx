// API tokens: made with what they may do, shown once, revoked.
import { Button, Group, MultiSelect, Stack, Switch, Table, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { useFormats } from "@/app/format";
import { useMe } from "@/app/session";
import { serviceNow } from "@/app/time";
import { Dialog } from "@/parts/dialog";
import { Name } from "@/parts/name";
import { Refusal } from "@/parts/refusal";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Loaded, Section, useConfirm } from "./frame";
import { useListing } from "./listing";
import { SecretOnce } from "./secret-once";

export function Tokens() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const tokens = useListing(["tokens"], (cursor) =>
    data(api.GET("/api/v1/tokens", { params: { query: { limit: 50, cursor } } })),
  );
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  return (
    <Section
      title={t("tokens.nav")}
      lead={t("tokens.lead")}
      actions={<Button onClick={() => setMaking(true)}>{t("tokens.new")}</Button>}
    >
      {secret && <SecretOnce secret={secret} lead={t("tokens.once")} onDone={() => setSecret(null)} />}
      <Loaded query={tokens} empty={{ title: t("tokens.none"), hint: t("tokens.noneHint") }}>
        {(all) => (
          <Wide label={t("tokens.nav")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("tokens.name")}</Table.Th>
                  <Table.Th>{t("tokens.owner")}</Table.Th>
                  <Table.Th>{t("tokens.scopes")}</Table.Th>
                  <Table.Th>{t("tokens.used")}</Table.Th>
                  <Table.Th>{t("tokens.ends")}</Table.Th>
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((token) => (
                  <Table.Tr key={token.id}>
                    <Table.Td fw={550}>{token.name}</Table.Td>
                    <Table.Td>
                      <Name id={token.owner} />
                    </Table.Td>
                    <Table.Td className={token.scopes.includes("*") ? undefined : classes.mono}>
                      {token.scopes.includes("*") ? t("tokens.everything") : token.scopes.join(", ")}
                    </Table.Td>
                    <Table.Td>
                      {token.last_used_at ? format.ago(token.last_used_at, serviceNow()) : t("never")}
                    </Table.Td>
                    <Table.Td>
                      {token.revoked_at
                        ? t("tokens.revoked")
                        : token.expires_at
                          ? format.instant(token.expires_at, "day")
                          : t("never")}
                    </Table.Td>
                    <Table.Td ta="right">
                      {!token.revoked_at && (
                        <Button
                          size="compact-sm"
                          variant="default"
                          onClick={() =>
                            confirm(
                              t("tokens.revokeAsk", { name: token.name }),
                              () => revoke.mutate(token.id),
                              t("tokens.revoke"),
                            )
                          }
                        >
                          {t("tokens.revoke")}
                          <span className="unseen"> {token.name}</span>
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
      {making && (
        <TokenDialog
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setSecret(made);
            setMaking(false);
          }}
        />
      )}
    </Section>
  );
}

function TokenDialog({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { t } = useTranslation("admin");
  const me = useMe();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [everything, setEverything] = useState(false);
  const [scopes, setScopes] = useState<string[]>(["ticket.read"]);
  const [day, setDay] = useState("");
  const make = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () =>
      data(
        api.POST("/api/v1/tokens", {
          headers: onceKey(),
          body: {
            name,
            scopes: everything ? ["*"] : scopes,
            ...(day && { expires_at: new Date(`${day}T23:59:59`).toISOString() }),
          },
        }),
      ),
    onSuccess: async (token) => {
      await queries.invalidateQueries({ queryKey: ["tokens"] });
      onMade(token.secret ?? "");
    },
  });
  const faults = faultsByField(make.error);
  return (
    <Dialog opened onClose={onClose} title={t("tokens.new")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Stack>
          <Refusal error={make.error} />
          <TextInput
            label={t("tokens.name")}
            description={t("tokens.nameHint")}
            required
            data-autofocus
            value={name}
            error={faults.name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Switch
            label={t("tokens.everything")}
            checked={everything}
            onChange={({ currentTarget }) => setEverything(currentTarget.checked)}
          />
          {!everything && (
            <MultiSelect
              label={t("tokens.scopes")}
              data={me.permissions}
              searchable
              value={scopes}
              error={faults.scopes}
              onChange={setScopes}
            />
          )}
          <TextInput
            type="date"
            label={t("tokens.ends")}
            description={t("tokens.endsHint")}
            value={day}
            error={faults.expires_at}
            onChange={({ currentTarget }) => setDay(currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={make.isPending} disabled={!everything && scopes.length === 0}>
              {t("tokens.new")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
