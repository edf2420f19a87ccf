// Who else reads or writes here, so that two do not answer at once.
import { Group, Text, Tooltip } from "@mantine/core";
import { IconEye, IconPencil } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useAgents } from "@/features/directory/directory";
import { Avatar } from "@/parts/avatar";
import { useIsTyping, usePresence } from "./presence";
import classes from "./ticket.module.css";

export function Others({ id }: { id: string }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const agents = useAgents();
  const others = usePresence(id, useIsTyping(id) ? "typing" : "reading");
  const named = (doing: string) =>
    others.flatMap((other) => (other.doing === doing ? [agents.get(other.agent)?.name ?? t("agent")] : []));
  const typing = named("typing");
  const reading = named("reading");
  const said = [
    typing.length > 0 && t("others.typing", { names: format.list(typing), count: typing.length }),
    reading.length > 0 && t("others.reading", { names: format.list(reading), count: reading.length }),
  ].filter((words) => words !== false);
  return (
    <div role="status" aria-live="polite" className={classes.others}>
      {said.length > 0 && (
        <Tooltip label={said.join(" · ")}>
          <Group gap={6} wrap="nowrap" data-typing={typing.length > 0 || undefined} className={classes.otherList ?? ""}>
            {[...typing, ...reading].slice(0, 3).map((name) => (
              <Avatar key={name} name={name} size={22} />
            ))}
            {typing.length > 0 ? <IconPencil size={14} aria-hidden /> : <IconEye size={14} aria-hidden />}
            <Text span size="sm" truncate>
              {said.join(" · ")}
            </Text>
          </Group>
        </Tooltip>
      )}
    </div>
  );
}
