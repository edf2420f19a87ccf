import { Group, Text } from "@mantine/core";

/** The mark and name of the product, or of the company that uses it. */
export function Mark({ name = "Mainstay", logo = "/favicon.svg" }: { name?: string; logo?: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src={logo} alt="" height={24} />
      <Text fw={650} size="lg">
        {name}
      </Text>
    </Group>
  );
}
