// The conversation as the customer sees it.
import { Anchor, Group, Text } from "@mantine/core";
import { IconPaperclip } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useMe } from "@/app/session";
import { useName } from "@/features/directory/names";
import { type Message, messagesQuery } from "@/features/ticket/queries";
import { Ago } from "@/parts/ago";
import { Avatar } from "@/parts/avatar";
import classes from "./portal.module.css";

export function Thread({ id }: { id: string }) {
  const { t } = useTranslation("portal");
  const { data } = useSuspenseQuery(messagesQuery(id));
  return (
    <ol className={classes.thread} aria-label={t("request.conversation")} aria-live="polite">
      {data.items.map((message) => (
        <Said key={message.id} message={message} />
      ))}
    </ol>
  );
}

function Said({ message }: { message: Message }) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  const me = useMe();
  const isMine = message.author.id === me.id;
  const known = useName(message.author.id);
  const name = isMine ? t("request.you") : (known ?? t("request.team"));
  return (
    <li className={classes.said} data-side={message.author.kind}>
      <Avatar name={known ?? name} size={32} />
      <div className={classes.bubble}>
        <Group gap="xs">
          <Text span fw={600} size="sm">
            {name}
          </Text>
          <Text c="dimmed" size="xs" component="time" title={format.instant(message.at, "exact")}>
            <Ago at={message.at} />
          </Text>
        </Group>
        <div className={classes.text}>{message.text}</div>
        {message.attachments.length > 0 && (
          <Group gap="xs" mt={6}>
            {message.attachments.map((file) => (
              <Anchor key={file.url} href={file.url} download={file.file_name} className={classes.file ?? ""}>
                <IconPaperclip size={14} aria-hidden />
                {file.file_name}
                <Text span c="dimmed" size="xs">
                  {format.bytes(file.size)}
                </Text>
              </Anchor>
            ))}
          </Group>
        )}
      </div>
    </li>
  );
}
