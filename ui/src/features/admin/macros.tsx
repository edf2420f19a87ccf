// Macros: what is done often, done at once.
import { Button, Group, Table, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { Name } from "@/parts/name";
import { Wide } from "@/parts/wide";
import { Loaded, Section, useConfirm } from "./frame";
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
      <Loaded query={macros} empty={{ title: t("macros.none"), hint: t("macros.noneHint") }}>
        {(all) => (
          <Wide label={t("macros.nav")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("macros.name")}</Table.Th>
                  <Table.Th>{t("views.owner")}</Table.Th>
                  <Table.Th>{t("macros.does")}</Table.Th>
                  <Table.Th>
                    <span className="unseen">{t("actions")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((macro) => (
                  <Table.Tr key={macro.id}>
                    <Table.Td>
                      <Text fw={550}>{macro.name}</Text>
                      <Text size="sm" c="dimmed">
                        {macro.description}
                      </Text>
                    </Table.Td>
                    <Table.Td>{macro.owner ? <Name id={macro.owner} /> : t("everybody")}</Table.Td>
                    <Table.Td>{format.list(macro.actions.map((action) => t(`macros.do.${action.do}`)))}</Table.Td>
                    <Table.Td>
                      <Group gap={4} wrap="nowrap" justify="flex-end">
                        <Button size="compact-sm" variant="default" onClick={() => edit(macro)}>
                          {t("edit")}
                          <span className="unseen"> {macro.name}</span>
                        </Button>
                        <Button
                          size="compact-sm"
                          variant="default"
                          onClick={() =>
                            confirm(t("macros.removeAsk", { name: macro.name }), () => remove.mutate(macro.id))
                          }
                        >
                          {t("remove")}
                          <span className="unseen"> {macro.name}</span>
                        </Button>
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Loaded>
      {edited && <MacroDialog macro={edited === "new" ? null : edited} onClose={() => edit(null)} />}
    </Section>
  );
}
