// A list of the service as a table, and what can be done with each of its rows.
import { Button, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Wide } from "@/parts/wide";
import { type Asked, Loaded } from "./frame";

interface ListTableProps<T> {
  query: Asked<T[]>;
  empty: { title: string; hint: string };
  label: string;
  heads: string[];
  /** Whether the last cell of each row holds what can be done with it. */
  hasActions?: boolean;
  /** The row of a thing, a `Table.Tr` with its key. */
  children: (item: T) => ReactNode;
}

/** A list as a table, or why there is none. */
export function ListTable<T>({ query, empty, label, heads, hasActions, children }: ListTableProps<T>) {
  const { t } = useTranslation("admin");
  return (
    <Loaded query={query} empty={empty}>
      {(all) => (
        <Wide label={label}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                {heads.map((head) => (
                  <Table.Th key={head}>{head}</Table.Th>
                ))}
                {hasActions && (
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                )}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>{all.map(children)}</Table.Tbody>
          </Table>
        </Wide>
      )}
    </Loaded>
  );
}

/** What a row is about, with a smaller line below. */
export function RowTitle({ title, detail }: { title: string; detail: string }) {
  return (
    <Table.Td>
      <Text fw={550}>{title}</Text>
      <Text size="sm" c="dimmed">
        {detail}
      </Text>
    </Table.Td>
  );
}

/** What can be done with a row: a screen reader hears with which. */
export function RowAction({ word, row, onClick }: { word: string; row: string; onClick: () => void }) {
  return (
    <Button size="compact-sm" variant="default" onClick={onClick}>
      {word}
      <span className="unseen"> {row}</span>
    </Button>
  );
}

/** Changing and removing what was saved under a name. */
export function EditAndRemove({ name, onEdit, onRemove }: { name: string; onEdit: () => void; onRemove: () => void }) {
  const { t } = useTranslation("admin");
  return (
    <Table.Td ta="right" style={{ whiteSpace: "nowrap" }}>
      <RowAction word={t("edit")} row={name} onClick={onEdit} />{" "}
      <RowAction word={t("remove")} row={name} onClick={onRemove} />
    </Table.Td>
  );
}
