// Who one is: language, appearance, density, and the way out.
import { Group, Menu, Stack, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconChevronUp, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { applyDensity, type Density, density } from "@/app/density";
import { LANGUAGES, type Language, speak } from "@/app/i18n";
import { useMe } from "@/app/session";
import { useSignOut } from "@/features/session/sign-out";
import { Avatar } from "@/parts/avatar";
import classes from "./shell.module.css";

const chosen = <IconCheck size={16} aria-hidden />;

export function Person() {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [dense, setDense] = useState<Density>(density());
  const signOut = useSignOut();
  return (
    <Menu position="top-start" width={232} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.person}>
          <span className="unseen">{t("person.menu", { name: me.name })}</span>
          <Group gap="xs" wrap="nowrap">
            <Avatar name={me.name} />
            <Stack gap={0} flex={1} miw={0}>
              <Text size="sm" fw={600} truncate>
                {me.name}
              </Text>
              <Text size="xs" c="dimmed" truncate>
                {me.email}
              </Text>
            </Stack>
            <IconChevronUp size={16} aria-hidden />
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("person.language")}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            rightSection={i18n.language === language && chosen}
            onClick={() => void speak(language)}
          >
            {LANGUAGES[language]}
          </Menu.Item>
        ))}
        <Menu.Label>{t("person.scheme")}</Menu.Label>
        {(["light", "dark", "auto"] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            rightSection={colorScheme === scheme && chosen}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`person.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{t("person.density")}</Menu.Label>
        {(["comfortable", "dense"] as const).map((each) => (
          <Menu.Item
            key={each}
            rightSection={dense === each && chosen}
            onClick={() => {
              applyDensity(each);
              setDense(each);
            }}
          >
            {t(`person.${each}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconUserCircle size={16} aria-hidden />}
          renderRoot={(props) => <Link {...props} to="/me" />}
        >
          {t("person.me")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          {t("person.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
