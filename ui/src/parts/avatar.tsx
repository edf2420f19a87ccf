import { Avatar as Picture } from "@mantine/core";

/** The colours whose letters stand out enough in either scheme. */
const COLORS = ["harbor", "blue", "indigo", "violet", "grape", "pink"];

/** The initials of a person, for people to be told apart at a glance. The name stands beside it, so it is decoration. */
export function Avatar({ name, size = 28 }: { name: string; size?: number }) {
  return (
    <Picture name={name} color="initials" allowedInitialsColors={COLORS} size={size} radius="xl" aria-hidden alt="" />
  );
}
