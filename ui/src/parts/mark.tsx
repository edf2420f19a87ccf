import { Group, Text } from "@mantine/core";

const OWN = "/favicon.svg";

/** The mark and name of the product, or of the company that uses it. */
export function Mark({ name = "Mainstay", logo = OWN }: { name?: string; logo?: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src={logo} alt="" height={24} {...(logo === OWN && { width: 24 })} />
      <Text fw={650} size="lg">
        {name}
      </Text>
    </Group>
  );
}
