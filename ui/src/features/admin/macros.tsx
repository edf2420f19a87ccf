// Macros: what is done often, done at once.
import { Button, Table } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { Name } from "@/parts/name";
import { Section, useConfirm } from "./frame";
import { EditAndRemove, ListTable, RowTitle } from "./list-table";
import { useListing } from "./listing";
import { MacroDialog } from "./macro-dialog";

export function Macros() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const [edited, edit] = useState<Schemas["Macro"] | "new" | null>(null);
  const macros = useListing(["macros", "kept"], (cursor) =>
    data(api.GET("/api/v1/macros", { params: { query: { limit: 100, cursor } } })),
  );
  const remove = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/macros/{id}", { params: { path: { id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["macros"] }),
  });
  return (
    <Section
      title={t("macros.nav")}
      lead={t("macros.lead")}
      actions={<Button onClick={() => edit("new")}>{t("macros.new")}</Button>}
    >
      <ListTable
        query={macros}
        empty={{ title: t("macros.none"), hint: t("macros.noneHint") }}
        label={t("macros.nav")}
        heads={[t("macros.name"), t("views.owner"), t("macros.does")]}
        hasActions
      >
        {(macro) => (
          <Table.Tr key={macro.id}>
            <RowTitle title={macro.name} detail={macro.description} />
            <Table.Td>{macro.owner ? <Name id={macro.owner} /> : t("everybody")}</Table.Td>
            <Table.Td>{format.list(macro.actions.map((action) => t(`macros.do.${action.do}`)))}</Table.Td>
            <EditAndRemove
              name={macro.name}
              onEdit={() => edit(macro)}
              onRemove={() => confirm(t("macros.removeAsk", { name: macro.name }), () => remove.mutate(macro.id))}
            />
          </Table.Tr>
        )}
      </ListTable>
      {edited && <MacroDialog macro={edited === "new" ? null : edited} onClose={() => edit(null)} />}
    </Section>
  );
}
