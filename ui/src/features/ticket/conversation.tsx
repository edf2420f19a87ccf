// What was said: replies and notes clearly apart, quotes folded, files at hand.
import { Anchor, Badge, Button, Collapse, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconLock, IconPaperclip, IconRobot } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { useName } from "@/features/directory/names";
import { Ago } from "@/parts/ago";
import { Avatar } from "@/parts/avatar";
import { Html } from "./html";
import { type Message, messagesQuery } from "./queries";
import { Rich } from "./rich";
import classes from "./ticket.module.css";

export function Conversation({ id }: { id: string }) {
  const { t } = useTranslation("ticket");
  const { data } = useSuspenseQuery(messagesQuery(id));
  const list = useRef<HTMLElement>(null);
  const count = data.items.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a message more is what asks for the scroll.
  useEffect(() => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [count]);
  return (
    <section ref={list} className={classes.conversation} aria-label={t("conversation")}>
      {data.items.map((message) => (
        <Said key={message.id} message={message} />
      ))}
    </section>
  );
}

function Said({ message }: { message: Message }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  const name = useAuthorName(message);
  const isNote = message.visibility === "internal";
  return (
    <article
      className={classes.message}
      data-side={isNote ? "note" : message.author.kind}
      aria-label={t("by", { name })}
    >
      <Avatar name={name} size={30} />
      <div className={classes.said}>
        <Group gap="xs">
          <Text fw={600} size="sm">
            {name}
          </Text>
          <Text c="dimmed" size="xs" component="time" title={format.instant(message.at, "exact")}>
            <Ago at={message.at} />
          </Text>
          {isNote && (
            <Badge
              size="sm"
              variant="light"
              color="yellow"
              autoContrast
              leftSection={<IconLock size={12} aria-hidden />}
              className={classes.noteMark ?? ""}
            >
              {t("note")}
            </Badge>
          )}
          {message.origin !== "person" && (
            <Badge size="sm" variant="default" leftSection={<IconRobot size={12} aria-hidden />}>
              {t(message.origin === "bounce" ? "bounce" : "automatic")}
            </Badge>
          )}
        </Group>
        <Content message={message} />
        {message.quoted && <Quoted text={message.quoted} />}
        <Files files={message.attachments} />
      </div>
    </article>
  );
}

/** What was said: as it was designed where it came so, else as text. */
function Content({ message }: { message: Message }) {
  const { t } = useTranslation("ticket");
  const [isPlain, { toggle }] = useDisclosure(false);
  if (!message.html) {
    if (message.author.kind === "agent") return <Rich text={message.text} />;
    return <div className={classes.text}>{message.text}</div>;
  }
  return (
    <>
      {isPlain ? (
        <div className={classes.text}>{message.text}</div>
      ) : (
        <Html id={message.id} html={message.html} sender={message.sender ?? null} />
      )}
      <Button size="compact-xs" variant="subtle" onClick={toggle} mt={4}>
        {t(isPlain ? "html.asHtml" : "html.asText")}
      </Button>
    </>
  );
}

/** The pictures that a browser may show in place; the service shows no others so. */
const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

function Files({ files }: { files: Message["attachments"] }) {
  const format = useFormats();
  if (files.length === 0) return null;
  return (
    <Group gap="xs" mt={6} align="flex-end">
      {files.map((file) => (
        <Anchor key={file.url} href={file.url} download={file.file_name} className={classes.file ?? ""}>
          {PICTURE.test(file.content_type) && (
            <img src={`${file.url}?inline=true`} alt="" loading="lazy" className={classes.picture} />
          )}
          <span className={classes.fileName}>
            <IconPaperclip size={14} aria-hidden />
            {file.file_name}
            <Text span c="dimmed" size="xs">
              {format.bytes(file.size)}
            </Text>
          </span>
        </Anchor>
      ))}
    </Group>
  );
}

/** Who wrote a message, by name. */
function useAuthorName(message: Message): string {
  const { t } = useTranslation("ticket");
  const { author } = message;
  const name = useName(author.id);
  if (name) return name;
  return t(author.kind === "contact" ? "customer" : author.kind === "agent" ? "agent" : "program");
}

function Quoted({ text }: { text: string }) {
  const { t } = useTranslation("ticket");
  const [isOpen, { toggle }] = useDisclosure(false);
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={toggle} aria-expanded={isOpen} mt={4}>
        {t(isOpen ? "quote.hide" : "quote.show")}
      </Button>
      <Collapse expanded={isOpen}>
        <div className={classes.quoted}>{text}</div>
      </Collapse>
    </>
  );
}
