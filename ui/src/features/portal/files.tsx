// Files that go with what is being written: chosen, dropped or pasted, and sent up at once.
import { ActionIcon, Button, FileButton, Group, Loader, Text } from "@mantine/core";
import { IconPaperclip, IconX } from "@tabler/icons-react";
import { type ClipboardEvent, type DragEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import classes from "./portal.module.css";

interface Held {
  key: string;
  name: string;
  size: number;
  /** What the service made of it; not there while it is on its way. */
  upload?: Schemas["Upload"];
  failure?: string;
}

/** Sends a file up as the body of a request of its own. */
async function send(file: File): Promise<Schemas["Upload"]> {
  const answer = await api.POST("/api/v1/attachments", {
    params: { query: { name: file.name || "image.png" } },
    headers: { "content-type": "application/octet-stream" },
    // The body is the file, which the description has as a text of bytes.
    body: file as unknown as string,
    bodySerializer: () => file,
  });
  return answer.data as Schemas["Upload"];
}

/** The files that go with a message, and how they come and go. */
export function useFiles() {
  const [held, setHeld] = useState<Held[]>([]);
  const change = (key: string, to: Partial<Held>) =>
    setHeld((all) => all.map((file) => (file.key === key ? { ...file, ...to } : file)));
  const add = (files: File[]) => {
    for (const file of files) {
      const key = crypto.randomUUID();
      setHeld((all) => [...all, { key, name: file.name, size: file.size }]);
      send(file).then(
        (upload) => change(key, { upload }),
        (error: Error) => change(key, { failure: error.message }),
      );
    }
  };
  return {
    held,
    add,
    remove: (key: string) => setHeld((all) => all.filter((file) => file.key !== key)),
    clear: () => setHeld([]),
    ids: held.flatMap((file) => (file.upload ? [file.upload.id] : [])),
    isBusy: held.some((file) => !file.upload && !file.failure),
    /** What an element does that takes files by drop and by paste. */
    taking: {
      onPaste: (event: ClipboardEvent) => {
        const files = [...event.clipboardData.files];
        if (files.length === 0) return;
        event.preventDefault();
        add(files);
      },
      onDragOver: (event: DragEvent) => event.preventDefault(),
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        add([...event.dataTransfer.files]);
      },
    },
  };
}

export function Files({ files }: { files: ReturnType<typeof useFiles> }) {
  const { t } = useTranslation("portal");
  const format = useFormats();
  return (
    <Group gap="xs">
      <FileButton onChange={files.add} multiple>
        {(props) => (
          <Button {...props} variant="default" size="sm" leftSection={<IconPaperclip size={16} aria-hidden />}>
            {t("files.add")}
          </Button>
        )}
      </FileButton>
      {files.held.map((file) => (
        <span key={file.key} className={classes.file} data-failed={Boolean(file.failure) || undefined}>
          {!file.upload && !file.failure && <Loader size={14} aria-label={t("files.sending")} />}
          {file.name}
          <Text span size="xs" c="dimmed">
            {file.failure ?? format.bytes(file.size)}
          </Text>
          <ActionIcon
            variant="subtle"
            size="sm"
            aria-label={t("files.remove", { name: file.name })}
            onClick={() => files.remove(file.key)}
          >
            <IconX size={14} aria-hidden />
          </ActionIcon>
        </span>
      ))}
    </Group>
  );
}
