// Which running clocks a contract would move, before it does.
import { Alert, Anchor, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { useCommitmentName } from "@/parts/clock";

/** How many clocks are listed; the rest is counted. */
const LISTED = 50;

export function ContractEffect({ effect }: { effect: Schemas["ContractPreview"] }) {
  const { t } = useTranslation("accounts");
  const format = useFormats();
  const nameOf = useCommitmentName();
  if (!effect.from) return <Alert color="gray">{t("effect.none")}</Alert>;
  const { items } = effect;
  const due = (at: string | null | undefined) => (at ? format.instant(at) : t("effect.nothing"));
  return (
    <section aria-label={t("effect.look")}>
      <Text fw={550} role="status">
        {t("effect.clocks", { count: items.length, tickets: format.number(effect.tickets) })}{" "}
        {effect.next && t("effect.more")}
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {t("effect.from", { day: format.instant(`${effect.from}T12:00:00`, "day") })}
      </Text>
      {items.length > 0 && (
        <Table.ScrollContainer minWidth={480} mah="20rem">
          <Table stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("effect.ticket")}</Table.Th>
                <Table.Th>{t("commitment")}</Table.Th>
                <Table.Th>{t("effect.due")}</Table.Th>
                <Table.Th>{t("effect.wouldBeDue")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.slice(0, LISTED).map((clock) => (
                <Table.Tr key={`${clock.ticket} ${clock.commitment} ${clock.due_at} ${clock.would_be_due_at}`}>
                  <Table.Td>
                    <Anchor
                      size="sm"
                      renderRoot={(props) => (
                        <Link {...props} to="/tickets/$id" params={{ id: String(clock.ticket) }} target="_blank" />
                      )}
                    >
                      #{clock.ticket}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>{nameOf(clock.commitment)}</Table.Td>
                  <Table.Td>{due(clock.due_at)}</Table.Td>
                  <Table.Td>{due(clock.would_be_due_at)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </section>
  );
}
