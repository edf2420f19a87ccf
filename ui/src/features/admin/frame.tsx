// What every section of the administration is made of.
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Empty, Failure, LoadingRows } from "@/parts/states";

interface SectionProps {
  title: string;
  lead?: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Section({ title, lead, actions, children }: SectionProps) {
  return (
    <Stack component="section" gap="sm" mb="xl">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} flex="1 1 18rem">
          <Title order={2}>{title}</Title>
          {lead && (
            <Text c="dimmed" maw="44rem">
              {lead}
            </Text>
          )}
        </Stack>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

export interface Asked<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => unknown;
  hasNextPage?: boolean;
  isFetchingNextPage?: boolean;
  fetchNextPage?: () => unknown;
}

interface LoadedProps<T> {
  query: Asked<T>;
  empty?: { title: string; hint: string };
  children: (value: T) => ReactNode;
}

/** What was asked for, or why it is not there. */
export function Loaded<T>({ query, empty, children }: LoadedProps<T>) {
  const { t } = useTranslation("admin");
  if (query.data === undefined) {
    if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
    return <LoadingRows rows={5} />;
  }
  if (empty && Array.isArray(query.data) && query.data.length === 0) {
    return <Empty title={empty.title}>{empty.hint}</Empty>;
  }
  return (
    <>
      {children(query.data)}
      {query.hasNextPage && (
        <Button
          variant="default"
          mt="sm"
          loading={query.isFetchingNextPage ?? false}
          onClick={() => void query.fetchNextPage?.()}
        >
          {t("more")}
        </Button>
      )}
    </>
  );
}

/** Asks before something that cannot be taken back. */
export function useConfirm(): (question: string, onConfirm: () => void, word?: string) => void {
  const { t } = useTranslation();
  return (question, onConfirm, word) =>
    modals.openConfirmModal({
      title: word ?? t("action.remove"),
      children: <Text>{question}</Text>,
      labels: { confirm: word ?? t("action.remove"), cancel: t("action.cancel") },
      onConfirm,
    });
}
