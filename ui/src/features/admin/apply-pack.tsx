// Putting another pack in force: which one, what it would change of the running clocks, and why.
import { Button, FileButton, Group, NativeSelect, Stack, Table, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useCommitmentName } from "@/parts/clock";
import { Side } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { Wide } from "@/parts/wide";
import { Loaded } from "./frame";
import { cursorOf } from "./listing";
import { packsQuery, RECOMMENDED } from "./policy-data";

type Pack = { pack: string } | { files: Record<string, string> };

interface Looked {
  tickets: number;
  clocks: Schemas["ClockDifference"][];
  /** Whether there are open tickets that were not looked at. */
  more: boolean;
}

/** As many open tickets as are looked at before one must say that it is enough. */
const MOST = 1000;

async function preview(body: Pack): Promise<Looked> {
  const looked: Looked = { tickets: 0, clocks: [], more: false };
  let cursor: string | undefined;
  do {
    const query = { limit: 200, cursor };
    const page = await data(api.POST("/api/v1/policy/preview", { params: { query }, body }));
    looked.tickets += page.tickets;
    looked.clocks.push(...page.items);
    cursor = cursorOf(page.next);
    looked.more = cursor !== undefined;
  } while (cursor && looked.tickets < MOST);
  return looked;
}

export function ApplyPack({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const [name, setName] = useState(RECOMMENDED);
  const { data: packs } = useQuery(packsQuery);
  const [files, setFiles] = useState<Record<string, string> | null>(null);
  const [note, setNote] = useState("");
  const pack: Pack = files ? { files } : { pack: name };
  const look = useMutation({ meta: { handlesFailure: true }, mutationFn: () => preview(pack) });
  const apply = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () => data(api.POST("/api/v1/policy/versions", { body: { ...pack, note }, headers: onceKey() })),
    onSuccess: async ({ version, warnings }) => {
      notifications.show({
        title: t("policy.applied", { version }),
        message: warnings?.join("\n") ?? t("policy.appliedHint"),
      });
      await queries.invalidateQueries();
      onClose();
    },
  });
  const choose = (next: () => void) => {
    next();
    look.reset();
    apply.reset();
  };
  const take = async (chosen: File[]) => {
    const read = await Promise.all(chosen.map(async (file) => [file.name, await file.text()] as const));
    choose(() => setFiles(Object.fromEntries(read)));
  };
  return (
    <Side opened onClose={onClose} size="xl" title={t("policy.apply")}>
      <Stack>
        <Text c="dimmed">{t("policy.applyLead")}</Text>
        <Group align="flex-end">
          <NativeSelect
            label={t("policy.known")}
            value={name}
            disabled={files !== null}
            data={packs?.map(({ pack, title }) => ({ value: pack, label: title })) ?? [RECOMMENDED]}
            onChange={({ currentTarget }) => choose(() => setName(currentTarget.value))}
          />
          <FileButton multiple accept=".toml,.ics,.md" onChange={(chosen) => void take(chosen)}>
            {(props) => (
              <Button variant="default" {...props}>
                {t("policy.upload")}
              </Button>
            )}
          </FileButton>
        </Group>
        {files && (
          <Group gap="xs">
            <Text size="sm">{t("policy.uploaded", { files: Object.keys(files).join(", ") })}</Text>
            <Button size="compact-sm" variant="default" onClick={() => choose(() => setFiles(null))}>
              {t("remove")}
            </Button>
          </Group>
        )}
        <Button variant="default" w="fit-content" loading={look.isPending} onClick={() => look.mutate()}>
          {t("policy.preview")}
        </Button>
        <Refusal error={look.error ?? apply.error} />
        {look.data && <Differences looked={look.data} />}
        <Textarea
          label={t("policy.note")}
          description={t("policy.noteHint")}
          autosize
          value={note}
          onChange={({ currentTarget }) => setNote(currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button disabled={!look.data} loading={apply.isPending} onClick={() => apply.mutate()}>
            {t("policy.apply")}
          </Button>
        </Group>
        {!look.data && (
          <Text size="sm" c="dimmed" ta="right">
            {t("policy.previewFirst")}
          </Text>
        )}
      </Stack>
    </Side>
  );
}

function Differences({ looked }: { looked: Looked }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const query = { data: looked.clocks, error: null, refetch: () => undefined };
  return (
    <Stack gap="xs">
      <Text fw={550} role="status">
        {t("policy.differences", { count: looked.clocks.length, tickets: format.number(looked.tickets) })}{" "}
        {looked.more && t("policy.moreTickets")}
      </Text>
      <Loaded query={query} empty={{ title: t("policy.noDifference"), hint: t("policy.noDifferenceHint") }}>
        {(clocks) => (
          <Wide label={t("policy.preview")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("policy.ticket")}</Table.Th>
                  <Table.Th>{t("policy.commitment")}</Table.Th>
                  <Table.Th>{t("policy.due")}</Table.Th>
                  <Table.Th>{t("policy.wouldBeDue")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {clocks.slice(0, 100).map((clock) => (
                  <Table.Tr key={`${clock.ticket} ${clock.commitment}`}>
                    <Table.Td className="tabular">{clock.ticket}</Table.Td>
                    <Table.Td>{nameOf(clock.commitment)}</Table.Td>
                    <Table.Td>{clock.due_at ? format.instant(clock.due_at) : t("policy.nothing")}</Table.Td>
                    <Table.Td>
                      {clock.would_be_due_at ? format.instant(clock.would_be_due_at) : t("policy.nothing")}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
    </Stack>
  );
}
