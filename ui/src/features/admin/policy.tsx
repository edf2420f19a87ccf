// The policy: what is in force, its history, and putting another pack in force.
import { Button, Group, Paper, SimpleGrid, Stack, Table, Tabs, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useMay } from "@/app/session";
import { useCommitmentName } from "@/parts/clock";
import { useRoleName } from "@/parts/role-name";
import { Severity } from "@/parts/severity";
import { Wide } from "@/parts/wide";
import { ApplyPack } from "./apply-pack";
import { Compare } from "./compare";
import { Loaded, Section } from "./frame";
import { matrices, type PackShown, policyQuery, SEVERITIES } from "./policy-data";
import { Versions } from "./versions";

export function Policy() {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const may = useMay("policy.apply");
  const policy = useQuery(policyQuery);
  const [applying, setApplying] = useState(false);
  return (
    <Loaded query={policy}>
      {(shown) => (
        <Section
          title={shown.title}
          lead={shown.description}
          actions={may && <Button onClick={() => setApplying(true)}>{t("policy.apply")}</Button>}
        >
          <Text size="sm" c="dimmed">
            {t("policy.inForce", {
              version: shown.in_force.version,
              pack: shown.pack,
              at: format.instant(shown.in_force.applied_at),
            })}
          </Text>
          <Tabs defaultValue="promises" keepMounted={false}>
            <Tabs.List mb="md">
              <Tabs.Tab value="promises">{t("policy.promises")}</Tabs.Tab>
              <Tabs.Tab value="tiers">{t("policy.tiers")}</Tabs.Tab>
              <Tabs.Tab value="ladders">{t("policy.ladders")}</Tabs.Tab>
              <Tabs.Tab value="versions">{t("policy.versions")}</Tabs.Tab>
              <Tabs.Tab value="compare">{t("policy.compare")}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="promises">
              <Promises pack={shown} />
            </Tabs.Panel>
            <Tabs.Panel value="tiers">
              <Tiers pack={shown} />
            </Tabs.Panel>
            <Tabs.Panel value="ladders">
              <Ladders pack={shown} />
            </Tabs.Panel>
            <Tabs.Panel value="versions">
              <Versions />
            </Tabs.Panel>
            <Tabs.Panel value="compare">
              <Compare />
            </Tabs.Panel>
          </Tabs>
          {applying && <ApplyPack onClose={() => setApplying(false)} />}
        </Section>
      )}
    </Loaded>
  );
}

/** Every promise in time, a matrix of tier and severity for each commitment; then those of service. */
export function Promises({ pack }: { pack: PackShown }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const nameOf = useCommitmentName();
  const service = pack.commitments.filter(({ target_percent }) => target_percent !== undefined);
  return (
    <Stack gap="lg">
      {matrices(pack).map(({ commitment, rows }) => (
        <Stack key={commitment} gap="xs">
          <Title order={3}>{nameOf(commitment)}</Title>
          <Wide label={nameOf(commitment)}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("policy.tier")}</Table.Th>
                  {SEVERITIES.map((severity) => (
                    <Table.Th key={severity}>
                      <Severity severity={severity} />
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map(({ tier, cells }) => (
                  <Table.Tr key={tier}>
                    <Table.Th scope="row">{tier}</Table.Th>
                    {SEVERITIES.map((severity, column) => {
                      const cell = cells[column];
                      return (
                        <Table.Td key={severity}>
                          {cell ? (
                            <>
                              <Text fw={550} className="tabular">
                                {format.span(cell.target_seconds ?? 0)}
                              </Text>
                              <Text size="xs" c="dimmed" title={cell.source}>
                                {cell.calendar}
                              </Text>
                            </>
                          ) : (
                            <Text c="dimmed">–</Text>
                          )}
                        </Table.Td>
                      );
                    })}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        </Stack>
      ))}
      {service.length > 0 && (
        <Stack gap="xs">
          <Title order={3}>{t("policy.service")}</Title>
          <Wide label={t("policy.service")}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("policy.tier")}</Table.Th>
                  <Table.Th>{t("policy.commitment")}</Table.Th>
                  <Table.Th>{t("policy.target")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {service.map((each) => (
                  <Table.Tr key={`${each.tier} ${each.name} ${each.source}`}>
                    <Table.Td>{each.tier}</Table.Td>
                    <Table.Td>{nameOf(each.name)}</Table.Td>
                    <Table.Td className="tabular">{format.percent((each.target_percent ?? 0) / 100, 3)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
        </Stack>
      )}
    </Stack>
  );
}

function Tiers({ pack }: { pack: PackShown }) {
  const { t } = useTranslation("admin");
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {pack.tiers.map((tier) => (
        <Paper key={tier.name} withBorder p="md">
          <Title order={3}>{tier.name}</Title>
          <Text c="dimmed">{tier.description}</Text>
          <Text size="sm" mt="xs">
            {t("policy.hours", { calendar: tier.support_hours })}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

/** Whom a step tells, as the pack names them: `assignee`, `role:engineer`, `person:ana@example.com`. */
function useRecipient(): (who: string) => string {
  const { t } = useTranslation("admin");
  const roleName = useRoleName();
  return (who) => {
    const [kind = "", ...rest] = who.split(":");
    const name = rest.join(":");
    return t(`policy.who.${kind as "assignee"}`, { name: kind.endsWith("role") ? roleName(name) : name });
  };
}

function Ladders({ pack }: { pack: PackShown }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const recipient = useRecipient();
  return (
    <Stack>
      {pack.escalation.map((ladder) => (
        <Paper key={ladder.name} withBorder p="md">
          <Group gap="xs" align="baseline">
            <Title order={3} className="sentence">
              {ladder.name.replaceAll("-", " ")}
            </Title>
            <Text size="xs" c="dimmed">
              {ladder.source}
            </Text>
          </Group>
          <Text c="dimmed">{ladder.description}</Text>
          <Stack component="ol" gap="xs" pl="lg" mb={0}>
            {ladder.steps.map((step) => (
              <li key={`${step.name} ${step.level} ${step.after.after_seconds}`}>
                <Text fw={550}>{step.name}</Text>
                <Text size="sm">
                  {step.after.after_seconds
                    ? t("policy.after", { span: format.span(step.after.after_seconds) })
                    : t("policy.atOnce")}
                  {": "}
                  {format.list(step.who.map(recipient))}
                </Text>
                <Text size="sm" c="dimmed" display="block" className="sentence">
                  {format.list(step.channels.map((channel) => t(`policy.channel.${channel as "email"}`)))}
                </Text>
              </li>
            ))}
          </Stack>
        </Paper>
      ))}
    </Stack>
  );
}
