// The packs that come with the program, side by side: whom each serves and how fast.
import { Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { useFormats } from "@/app/format";
import { Loaded } from "@/features/admin/frame";
import {
  matrices,
  type PackShown,
  packsQuery,
  policyQuery,
  RECOMMENDED,
  SEVERITIES,
} from "@/features/admin/policy-data";
import { useCommitmentName } from "@/parts/clock";
import { Refusal } from "@/parts/refusal";
import classes from "./set-up.module.css";

const COMPARED = ["first_response", "resolution"];

export function ChoosePack({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("set_up");
  const queries = useQueryClient();
  const packs = useQuery(packsQuery);
  const policy = useQuery(policyQuery);
  const apply = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (pack: string) =>
      data(api.POST("/api/v1/policy/versions", { body: { pack, note: t("pack.note") }, headers: onceKey() })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["policy"] });
      onDone();
    },
  });
  const inForce = policy.data?.pack;
  return (
    <Stack>
      <Title order={2}>{t("pack.title")}</Title>
      <Text c="dimmed">{t("pack.lead")}</Text>
      <Refusal error={apply.error} />
      <Loaded query={packs}>
        {(all) => (
          <div className={classes.packs}>
            {all.map((pack) => (
              <section
                key={pack.pack}
                className={classes.pack}
                aria-label={pack.title}
                data-recommended={pack.pack === RECOMMENDED || undefined}
              >
                <Group gap="xs">
                  <Title order={3}>{pack.title}</Title>
                  {pack.pack === RECOMMENDED && <Badge variant="default">{t("pack.recommended")}</Badge>}
                </Group>
                <Text size="sm" c="dimmed">
                  {pack.description}
                </Text>
                <Stack gap="sm" className={classes.grow ?? ""}>
                  {COMPARED.map((commitment) => (
                    <Compared key={commitment} pack={pack} commitment={commitment} />
                  ))}
                </Stack>
                <Button
                  variant={pack.pack === RECOMMENDED ? "filled" : "default"}
                  loading={apply.isPending && apply.variables === pack.pack}
                  onClick={() => (pack.pack === inForce ? onDone() : apply.mutate(pack.pack))}
                >
                  {t(pack.pack === inForce ? "pack.keep" : "pack.choose", { pack: pack.title })}
                </Button>
              </section>
            ))}
          </div>
        )}
      </Loaded>
    </Stack>
  );
}

/** What a pack promises by one commitment, by tier and severity. */
function Compared({ pack, commitment }: { pack: PackShown; commitment: string }) {
  const { t } = useTranslation("set_up");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const matrix = matrices(pack).find((each) => each.commitment === commitment);
  if (!matrix) {
    return (
      <Text size="sm" c="dimmed">
        {t("pack.without", { commitment: nameOf(commitment) })}
      </Text>
    );
  }
  return (
    <Table fz="xs" verticalSpacing={2} horizontalSpacing={4}>
      <Table.Caption style={{ captionSide: "top" }}>{nameOf(commitment)}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("pack.tier")}</Table.Th>
          {SEVERITIES.map((severity) => (
            <Table.Th key={severity}>{severity}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {matrix.rows.map(({ tier, cells }) => (
          <Table.Tr key={tier}>
            <Table.Th scope="row" fw={500}>
              {tier}
            </Table.Th>
            {SEVERITIES.map((severity, column) => {
              const seconds = cells[column]?.target_seconds;
              return (
                <Table.Td key={severity} className="tabular">
                  {typeof seconds === "number" ? format.span(seconds) : "–"}
                </Table.Td>
              );
            })}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
