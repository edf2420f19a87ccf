// What a screen shows when it has nothing to show yet, nothing at all, or nothing that may be seen.
import { Button, Center, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAnchor, IconCloudOff, IconLock, IconSailboat } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem, Unreachable } from "@/api/client";

interface MessageProps {
  sign: ReactNode;
  title: string;
  /** The level of its heading: the first where it stands for the whole screen. */
  order?: 1 | 2;
  children?: ReactNode;
  action?: ReactNode;
}

function Message({ sign, title, order = 2, children, action }: MessageProps) {
  return (
    <Center mih={order === 1 ? "70dvh" : "12rem"} p="lg">
      <Stack align="center" gap="xs" maw="28rem" ta="center">
        {sign}
        <Title order={order} size="h2">
          {title}
        </Title>
        {children && (
          <Text c="dimmed" style={{ textWrap: "balance" }}>
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

/** Nothing is here yet: what it would be and how to begin. */
export function Empty({ title, children, action }: Omit<MessageProps, "sign" | "order">) {
  return (
    <Message sign={<IconSailboat size={36} stroke={1.4} aria-hidden />} title={title} action={action}>
      {children}
    </Message>
  );
}

interface FailureProps extends Pick<MessageProps, "order"> {
  /** What was thrown, which may be anything. */
  error: unknown;
  onRetry?: () => void;
}

/** Something could not be shown: which, why, and what may be done about it. */
export function Failure({ error, onRetry, order = 2 }: FailureProps) {
  const { t } = useTranslation();
  if (error instanceof ApiProblem && error.status === 403) return <Forbidden order={order} />;
  if (error instanceof ApiProblem && error.status === 404) return <Missing />;
  return (
    <Message
      sign={<IconCloudOff size={36} stroke={1.4} aria-hidden />}
      title={t("failure.title")}
      order={order}
      action={onRetry && <Button onClick={onRetry}>{t("failure.again")}</Button>}
    >
      {error instanceof Unreachable ? t("failure.unreachable") : error instanceof Error ? error.message : String(error)}
    </Message>
  );
}

interface Readable {
  isLoadingError: boolean;
  error: unknown;
  refetch: () => unknown;
}

interface FailedPartProps {
  /** What the part is made of: it failed when any of it did, and what failed is asked for again. */
  query: Readable | Readable[];
  /** What to say where the place does not tell what is missing. */
  words?: string;
}

/** A small part of a screen could not be shown: a line that says so, where the part would be. */
export function FailedPart({ query, words }: FailedPartProps) {
  const { t } = useTranslation();
  const failed = [query].flat().filter(({ isLoadingError }) => isLoadingError);
  if (failed.length === 0) return null;
  // To ask again for what one may not see would be in vain.
  if (failed.every(({ error }) => error instanceof ApiProblem && error.status === 403)) {
    return (
      <Text size="sm" c="dimmed" role="alert">
        {t("failure.forbidden")}
      </Text>
    );
  }
  return (
    <Group gap="xs" role="alert">
      <Text size="sm" c="dimmed">
        {words ?? t("failure.title")}
      </Text>
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => {
          for (const each of failed) void each.refetch();
        }}
      >
        {t("failure.again")}
      </Button>
    </Group>
  );
}

/** Something is here that one may not see. */
export function Forbidden({ order = 2 }: Pick<MessageProps, "order">) {
  const { t } = useTranslation();
  return (
    <Message sign={<IconLock size={36} stroke={1.4} aria-hidden />} title={t("failure.forbidden")} order={order}>
      {t("failure.forbiddenHint")}
    </Message>
  );
}

/** The address leads nowhere. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <Message
      sign={<IconAnchor size={36} stroke={1.4} aria-hidden />}
      title={t("failure.missing")}
      order={1}
      action={
        <Button component={Link} to="/" variant="default">
          {t("failure.home")}
        </Button>
      }
    >
      {t("failure.missingHint")}
    </Message>
  );
}

/** Rows that are on their way, as high as the real ones, so that nothing jumps. */
export function LoadingRows({ rows = 8 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap={0} role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move.
        <Skeleton key={row} height="calc(var(--ms-row) - 0.75rem)" my="0.375rem" />
      ))}
    </Stack>
  );
}
