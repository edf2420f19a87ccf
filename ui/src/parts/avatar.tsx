import { Avatar as Picture } from "@mantine/core";

/** The initials of a person, for people to be told apart at a glance. The name stands beside it, so it is decoration. */
export function Avatar({ name, size = 28 }: { name: string; size?: number }) {
  return <Picture name={name} color="initials" size={size} radius="xl" aria-hidden alt="" />;
}
