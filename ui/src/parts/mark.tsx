import { Group, Text } from "@mantine/core";

/** The product's mark and name. */
export function Mark({ name = "Mainstay" }: { name?: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src="/favicon.svg" alt="" width={24} height={24} />
      <Text fw={650} size="lg">
        {name}
      </Text>
    </Group>
  );
}
