// Every key at a glance, drawn from the table that binds them.
import { Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { KEYS, type KeyAction, type KeyGroup } from "@/app/keys";
import { Dialog } from "@/parts/dialog";
import { Keys } from "@/parts/keys";
import type { CheatSheetProps } from "./cheat-sheet";

export default function KeyList({ screens, onClose }: CheatSheetProps & { onClose: () => void }) {
  const { t } = useTranslation("keys");
  return (
    <Dialog opened onClose={onClose} title={t("title")} size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        {(Object.keys(KEYS) as KeyGroup[]).map((group) => (
          <section key={group} aria-label={t(`group.${group}`)}>
            <Title order={2} size="h4" mb="xs">
              {t(`group.${group}`)}
            </Title>
            <Stack gap={6}>
              {Object.entries(KEYS[group]).map(([action, keys]) => (
                <Line key={action} words={t(`action.${action as KeyAction}`)} keys={keys} />
              ))}
            </Stack>
          </section>
        ))}
        <section aria-label={t("group.go")}>
          <Title order={2} size="h4" mb="xs">
            {t("group.go")}
          </Title>
          <Stack gap={6}>
            {screens.map(({ to, name, key }) => (
              <Line key={to} words={name} keys={`g ${key}`} />
            ))}
          </Stack>
        </section>
      </SimpleGrid>
    </Dialog>
  );
}

function Line({ words, keys }: { words: string; keys: string }) {
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap">
      <Text size="sm">{words}</Text>
      <Keys written={keys} />
    </Group>
  );
}
