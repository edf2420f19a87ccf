// Every version of the policy that was applied: its files, and going back to it.
import { Button, Group, NativeSelect, Stack, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { Side } from "@/parts/dialog";
import { Name } from "@/parts/name";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Loaded, useConfirm } from "./frame";
import { useListing } from "./listing";
import { State } from "./state";

export function Versions() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const may = useMay("policy.apply");
  const queries = useQueryClient();
  const confirm = useConfirm();
  const [read, setRead] = useState<number | null>(null);
  const versions = useListing(["policy", "versions"], (cursor) =>
    data(api.GET("/api/v1/policy/versions", { params: { query: { limit: 50, cursor } } })),
  );
  const rollBack = useMutation({
    mutationFn: (id: number) =>
      data(api.POST("/api/v1/policy/versions/{id}/rollback", { params: { path: { id } }, headers: onceKey() })),
    onSuccess: ({ version }) => notifications.show({ message: t("policy.applied", { version }) }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["policy"] }),
  });
  return (
    <>
      <Loaded query={versions}>
        {(all) => (
          <Wide label={t("policy.versions")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("policy.version")}</Table.Th>
                  <Table.Th>{t("policy.pack")}</Table.Th>
                  <Table.Th>{t("policy.appliedAt")}</Table.Th>
                  <Table.Th>{t("policy.note")}</Table.Th>
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((version) => (
                  <Table.Tr key={version.version}>
                    <Table.Td>
                      <Group gap="xs" wrap="nowrap">
                        <span className="tabular">{version.version}</span>
                        {version.in_force && <State state="in_force" word={t("policy.isInForce")} />}
                      </Group>
                    </Table.Td>
                    <Table.Td>{version.pack}</Table.Td>
                    <Table.Td>
                      {format.instant(version.applied_at)}
                      <Text size="sm" c="dimmed">
                        {version.applied_by ? <Name id={version.applied_by} /> : t("system")}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      {version.note}
                      {version.warnings?.map((warning) => (
                        <pre key={warning} className={classes.fault}>
                          {warning}
                        </pre>
                      ))}
                    </Table.Td>
                    <Table.Td>
                      <Group gap={4} wrap="nowrap" justify="flex-end">
                        <Button size="compact-sm" variant="default" onClick={() => setRead(version.version)}>
                          {t("policy.files")}
                          <span className="unseen"> {version.version}</span>
                        </Button>
                        {may && !version.in_force && (
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() =>
                              confirm(
                                t("policy.rollBackAsk", { version: version.version }),
                                () => rollBack.mutate(version.version),
                                t("policy.rollBack"),
                              )
                            }
                          >
                            {t("policy.rollBack")}
                            <span className="unseen"> {version.version}</span>
                          </Button>
                        )}
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
      {read !== null && <Files version={read} onClose={() => setRead(null)} />}
    </>
  );
}

/** The files of a version with the numbers of their lines, at which every promise points. */
function Files({ version, onClose }: { version: number; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const [chosen, choose] = useState<string | null>(null);
  const pack = useQuery({
    queryKey: ["policy", "files", version],
    queryFn: () => data(api.GET("/api/v1/policy/versions/{id}", { params: { path: { id: version } } })),
  });
  return (
    <Side opened onClose={onClose} size="xl" title={t("policy.filesOf", { version })}>
      <Loaded query={pack}>
        {({ files }) => {
          const names = Object.keys(files);
          const name = chosen ?? names.find((each) => each === "commitments.toml") ?? names[0] ?? "";
          return (
            <Stack>
              <NativeSelect
                label={t("policy.file")}
                data={names}
                value={name}
                onChange={({ currentTarget }) => choose(currentTarget.value)}
              />
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
              <pre className={classes.source} tabIndex={0}>
                {(files[name] ?? "").split("\n").map((line, number) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number.
                  <code key={number} className={classes.line}>
                    {line}
                  </code>
                ))}
              </pre>
            </Stack>
          );
        }}
      </Loaded>
    </Side>
  );
}
