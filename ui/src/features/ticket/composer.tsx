// Where an answer is written: to the customer, or among ourselves.
import { ActionIcon, Button, FileButton, Group, Kbd, SegmentedControl, Skeleton, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPaperclip } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommands } from "@/app/commands";
import { useFormats } from "@/app/format";
import { useKeys } from "@/app/keys";
import { useMay } from "@/app/session";
import { useNow } from "@/app/time";
import { useAgents } from "@/features/directory/directory";
import { Later } from "@/parts/later";
import classes from "./composer.module.css";
import { useDraft, type Visibility } from "./draft";
import { MacroDialog } from "./macro-dialog";
import { isCanned, type Macro, macrosQuery, previewMacro } from "./macros";
import { sayTyping } from "./presence";
import type { Ticket } from "./queries";
import { Rich } from "./rich";
import { useSending } from "./sending";
import { ticketName } from "./ticket-commands";
import { UploadList } from "./upload-list";
import { useUploads } from "./uploads";

const Editor = lazy(() => import("./editor"));

/** After how long without a letter one is not typing any more, in milliseconds. */
const PAUSE = 8000;

export function Composer({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const mayReply = useMay("ticket.reply");
  const mayNote = useMay("ticket.note");
  const { written, current, kept, keep, forget, discard, edition } = useDraft(
    ticket.id,
    mayReply ? "public" : "internal",
  );
  const files = useUploads();
  const [focus, setFocus] = useState(0);
  const [macro, setMacro] = useState<Macro>();
  const agents = useAgents();
  const tellTyping = useTyping(ticket.id);
  const { data: macros } = useQuery({ ...macrosQuery, enabled: mayReply || mayNote });
  const { send, holdBack, outgoing } = useSending(ticket.id, kept, {
    onLeft: () => {
      forget();
      tellTyping(false);
    },
    onBack: (back, refused) => {
      keep(back);
      setFocus((before) => before + 1);
      if (refused) notifications.show({ color: "red", title: t("notDone"), message: refused.message });
    },
    onSent: files.letGo,
  });
  const people = useMemo(() => [...agents.values()].filter(({ active }) => active), [agents]);

  const write = (visibility: Visibility) => {
    const now = current();
    if (!now) return;
    keep({ ...now, visibility });
    setFocus((before) => before + 1);
  };
  useCommands(ticketName(ticket), [
    ...(mayReply ? [{ action: "reply" as const, act: () => write("public") }] : []),
    ...(mayNote ? [{ action: "note" as const, act: () => write("internal") }] : []),
  ]);
  if (!mayReply && !mayNote) return null;
  if (outgoing) {
    const names = files.uploads.flatMap(({ id, name }) => (id ? [name] : []));
    return <Leaving at={outgoing.at} text={outgoing.text} files={names} onBack={() => holdBack.mutate()} />;
  }
  if (!written) return <Skeleton className={classes.composer ?? ""} height="12.5rem" />;

  const isPublic = written.visibility === "public";
  const isUploading = files.uploads.some((upload) => !upload.id && upload.failure === undefined);
  const ids = files.uploads.flatMap(({ id }) => (id ? [id] : []));
  const isKept = ({ text }: { text: string }) =>
    (text.trim() === "" && ids.length === 0) || isUploading || send.isPending;
  const cannotSend = isKept(written);
  const submit = (status?: string) => {
    // What is drawn may be some letters behind.
    const now = current() ?? written;
    if (!isKept(now)) send.mutate({ written: now, files: ids, status });
  };

  const useMacro = async (id: string, insert: (text: string) => void) => {
    const chosen = macros?.find((each) => each.id === id);
    if (!chosen) return;
    if (!isCanned(chosen)) return setMacro(chosen);
    try {
      const { messages } = await previewMacro(ticket.id, id);
      insert(messages.map(({ text }) => text).join("\n\n"));
    } catch (error) {
      notifications.show({ color: "red", message: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <form
      className={classes.composer}
      data-visibility={written.visibility}
      aria-label={t(isPublic ? "reply" : "note")}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        // What was dropped into the field itself is taken already.
        if (event.defaultPrevented) return;
        event.preventDefault();
        files.add(event.dataTransfer.files);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <SegmentedControl
          size="xs"
          aria-label={t("visibility")}
          value={written.visibility}
          onChange={(value) => keep({ ...(current() ?? written), visibility: value as Visibility })}
          data={[
            { value: "public", label: t("reply"), disabled: !mayReply },
            { value: "internal", label: t("note"), disabled: !mayNote },
          ]}
        />
        <Text size="xs" c="dimmed" truncate>
          {t(isPublic ? "goesOut" : "staysIn")}
        </Text>
      </Group>
      {kept?.refused && (
        <Text size="sm" role="alert" className={classes.refused ?? ""}>
          {t("refused", { reason: kept.refused })}
        </Text>
      )}
      <Later meanwhile={<div className={classes.coming} />}>
        <Editor
          key={edition}
          label={t(isPublic ? "reply" : "note")}
          hint={t(isPublic ? "replyHint" : "noteHint")}
          initial={(current() ?? written).text}
          people={people}
          macros={(macros ?? []).map(({ id, name, description }) => ({ id, name, hint: description }))}
          focus={focus}
          onChange={(text, mentions) => {
            const before = current() ?? written;
            const named = [...new Set([...mentions, ...stillNamed(before.mentions, text, agents)])];
            keep({ ...before, text, mentions: named });
            tellTyping(text !== "");
          }}
          onSend={() => submit()}
          onFiles={files.add}
          onMacro={useMacro}
          tools={
            <FileButton multiple onChange={files.add}>
              {(props) => (
                <Tooltip label={t("files.add")}>
                  <ActionIcon {...props} variant="subtle" color="gray" size={26} aria-label={t("files.add")}>
                    <IconPaperclip size={16} aria-hidden />
                  </ActionIcon>
                </Tooltip>
              )}
            </FileButton>
          }
        />
      </Later>
      <UploadList uploads={files.uploads} onRemove={files.remove} />
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed" visibleFrom="md">
          <Kbd size="xs">⌘/Ctrl</Kbd> <Kbd size="xs">↵</Kbd> {t("sendKey")}
          {macros && macros.length > 0 && (
            <>
              {" "}
              · <Kbd size="xs">/</Kbd> {t("macroKey")}
            </>
          )}{" "}
          · <Kbd size="xs">@</Kbd> {t("mentionKey")}
        </Text>
        <Group gap="xs" ml="auto">
          {written.text !== "" && (
            <Button variant="subtle" color="gray" onClick={() => void discard()}>
              {t("discard")}
            </Button>
          )}
          {isPublic && (
            <Button variant="default" disabled={cannotSend} onClick={() => submit("pending_customer")}>
              {t("sendPending")}
            </Button>
          )}
          <Button type="submit" disabled={cannotSend} loading={send.isPending}>
            {t(isPublic ? "send" : "addNote")}
          </Button>
        </Group>
      </Group>
      {macro && <MacroDialog ticket={ticket.id} macro={macro} onClose={() => setMacro(undefined)} />}
    </form>
  );
}

/** Those of a draft that was read again who are still named in its words. */
function stillNamed(mentions: string[], text: string, agents: Map<string, { name: string }>): string[] {
  return mentions.filter((id) => text.includes(`@${agents.get(id)?.name ?? "\n"}`));
}

/** Says whether one is typing, and that one is not any more when nothing was written for a while. */
function useTyping(ticket: string): (isTyping: boolean) => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = useCallback(
    (isTyping: boolean) => {
      sayTyping(ticket, isTyping);
      clearTimeout(timer.current);
      if (isTyping) timer.current = setTimeout(() => sayTyping(ticket, false), PAUSE);
    },
    [ticket],
  );
  useEffect(() => () => tell(false), [tell]);
  return tell;
}

interface LeavingProps {
  at: number;
  text: string;
  /** The names of the files that go with it. */
  files: string[];
  onBack: () => void;
}

/** A reply on its way, and how long it can be held back. */
function Leaving({ at, text, files, onBack }: LeavingProps) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const format = useFormats();
  const left = Math.ceil((at - useNow()) / 1000);
  useKeys({ undo: onBack });
  return (
    <section className={classes.composer} data-leaving aria-label={t("leaving.label")}>
      <div className={classes.leavingText}>
        <Rich text={text} />
      </div>
      {files.length > 0 && (
        <Group gap={6} wrap="nowrap">
          <IconPaperclip size={14} aria-hidden />
          <Text size="sm">{format.list(files)}</Text>
        </Group>
      )}
      <Group justify="space-between" gap="xs">
        <Text size="sm" className="tabular" role="timer">
          {left > 0 ? t("leaving.in", { span: format.span(left) }) : t("leaving.now")}
        </Text>
        <Button variant="default" disabled={left <= 0} onClick={onBack} autoFocus>
          {common("action.undo")}{" "}
          <Kbd size="xs" ml={6}>
            Z
          </Kbd>
        </Button>
      </Group>
    </section>
  );
}
