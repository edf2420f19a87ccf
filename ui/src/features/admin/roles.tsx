// The roles, who bears them, and what they permit.
import { Badge, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useMe } from "@/app/session";
import { agentsQuery } from "@/features/directory/directory";
import { useRoleName } from "@/parts/role-name";
import { Loaded, Section } from "./frame";
import { policyQuery } from "./policy-data";
import { BUILT_IN, useRoles } from "./role-list";

export function Roles() {
  const { t } = useTranslation("admin");
  const me = useMe();
  const format = useFormats();
  const roleName = useRoleName();
  const roles = useRoles();
  const policy = useQuery(policyQuery);
  const { data: agents = [] } = useQuery(agentsQuery);
  return (
    <Section title={t("roles.nav")} lead={t("roles.lead")}>
      <Loaded query={policy}>
        {() =>
          roles.map((role) => {
            const bearers = agents.filter((agent) => agent.active && agent.roles.includes(role.name));
            const built = (BUILT_IN as readonly string[]).includes(role.name);
            // Of the built-in roles the service tells what one's own permit.
            const own = me.roles.length === 1 && me.roles[0] === role.name ? me.permissions : undefined;
            const permissions = role.permissions ?? own;
            return (
              <Paper key={role.name} withBorder p="md">
                <Stack gap="xs">
                  <Group gap="xs">
                    <Title order={3}>{role.title ?? roleName(role.name)}</Title>
                    <Badge variant="default">{t(built && !role.title ? "roles.builtIn" : "roles.ofPack")}</Badge>
                  </Group>
                  <Text c="dimmed">{role.description ?? (built ? t(`roles.is.${role.name as "agent"}`) : "")}</Text>
                  {permissions && (
                    <Group gap={4}>
                      {permissions.map((permission) => (
                        <Badge key={permission} variant="default" ff="monospace">
                          {permission}
                        </Badge>
                      ))}
                    </Group>
                  )}
                  <Text size="sm">
                    {bearers.length > 0
                      ? t("roles.bearers", { names: format.list(bearers.map(({ name }) => name)) })
                      : t("roles.nobody")}
                  </Text>
                </Stack>
              </Paper>
            );
          })
        }
      </Loaded>
    </Section>
  );
}
