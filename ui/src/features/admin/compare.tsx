// Two packs side by side, by what they promise: versions that were applied, and packs that come with the program.
import { Group, NativeSelect, Stack, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/api/client";
import { Wide } from "@/parts/wide";
import classes from "./admin.module.css";
import { Loaded } from "./frame";
import { useListing } from "./listing";
import { packsQuery } from "./policy-data";

/** What is chosen, as it stands in the list: `v:3` or `p:mainstay`. */
function sideOf(chosen: string): Schemas["PackInput"] {
  return chosen.startsWith("v:") ? { version: Number(chosen.slice(2)) } : { pack: chosen.slice(2) };
}

export function Compare() {
  const { t } = useTranslation("admin");
  const versions = useListing(["policy", "versions"], (cursor) =>
    data(api.GET("/api/v1/policy/versions", { params: { query: { limit: 50, cursor } } })),
  );
  const packs = useQuery(packsQuery);
  const choices = [
    ...(versions.data ?? []).map(({ version, pack }) => ({
      value: `v:${version}`,
      label: t("policy.versionOf", { version, pack }),
    })),
    ...(packs.data ?? []).map(({ pack }) => ({ value: `p:${pack}`, label: t("policy.comesWith", { pack }) })),
  ];
  const [chosen, choose] = useState<{ before?: string; after?: string }>({});
  const before = chosen.before ?? choices[0]?.value ?? "";
  const after = chosen.after ?? choices[1]?.value ?? "";
  const changes = useQuery({
    queryKey: ["policy", "compare", before, after],
    enabled: before !== "" && after !== "",
    queryFn: async () => {
      const body = { before: sideOf(before), after: sideOf(after) };
      return (await data(api.POST("/api/v1/policy/compare", { body }))).items;
    },
  });
  return (
    <Stack>
      <Group>
        <NativeSelect
          label={t("policy.beforeSide")}
          data={choices}
          value={before}
          onChange={({ currentTarget }) => choose({ ...chosen, before: currentTarget.value })}
        />
        <NativeSelect
          label={t("policy.afterSide")}
          data={choices}
          value={after}
          onChange={({ currentTarget }) => choose({ ...chosen, after: currentTarget.value })}
        />
      </Group>
      <Loaded query={changes} empty={{ title: t("policy.same"), hint: t("policy.sameHint") }}>
        {(all) => (
          <Wide label={t("policy.compare")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("policy.part")}</Table.Th>
                  <Table.Th>{t("policy.what")}</Table.Th>
                  <Table.Th w="30%">{t("policy.beforeSide")}</Table.Th>
                  <Table.Th w="30%">{t("policy.afterSide")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((change) => (
                  <Table.Tr key={`${change.part} ${change.subject} ${change.what} ${change.before} ${change.after}`}>
                    <Table.Td>{t(`policy.parts.${change.part as "pack"}`, { defaultValue: change.part })}</Table.Td>
                    <Table.Td className={classes.part}>
                      {change.subject} {change.what}
                    </Table.Td>
                    <Table.Td className={classes.code}>{change.before ?? "–"}</Table.Td>
                    <Table.Td className={classes.code}>{change.after ?? "–"}</Table.Td>
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
