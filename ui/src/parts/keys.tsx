import { Group, Kbd } from "@mantine/core";

const SIGNS: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Enter: "↵", Escape: "Esc", mod: "⌘/Ctrl" };

/** What stands on a key, or on those that are held together; a capital is its letter with the shift key. */
function signOf(part: string): string {
  return SIGNS[part] ?? (/^[A-Z]$/.test(part) ? `⇧ ${part.toLowerCase()}` : part);
}

/** Keys as the table of keys writes them, such as `j|ArrowDown` or `mod+a`. */
export function Keys({ written }: { written: string }) {
  return (
    <Group gap={4} wrap="nowrap" component="span">
      {written.split("|").map((key) => (
        <Kbd key={key} size="sm">
          {key.split("+").map(signOf).join(" ")}
        </Kbd>
      ))}
    </Group>
  );
}
