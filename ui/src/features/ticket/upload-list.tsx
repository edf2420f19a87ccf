// The files that go with what is being written.
import { ActionIcon, Progress, Text } from "@mantine/core";
import { IconPaperclip, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import classes from "./composer.module.css";
import type { Upload } from "./uploads";

export function UploadList({ uploads, onRemove }: { uploads: Upload[]; onRemove: (upload: Upload) => void }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  if (uploads.length === 0) return null;
  return (
    <ul className={classes.uploads} aria-label={t("files.label")}>
      {uploads.map((upload) => (
        <li key={upload.key} className={classes.upload} data-failed={upload.failure !== undefined || undefined}>
          <IconPaperclip size={14} aria-hidden />
          <Text span size="sm" truncate maw="14rem">
            {upload.name}
          </Text>
          <Text span size="xs" c="dimmed">
            {upload.failure !== undefined ? upload.failure || t("files.failed") : format.bytes(upload.size)}
          </Text>
          {!upload.id && upload.failure === undefined && (
            <Progress
              value={upload.sent * 100}
              size={4}
              w="4rem"
              aria-label={t("files.progress", { name: upload.name })}
            />
          )}
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            aria-label={t("files.remove", { name: upload.name })}
            onClick={() => onRemove(upload)}
          >
            <IconX size={14} aria-hidden />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
