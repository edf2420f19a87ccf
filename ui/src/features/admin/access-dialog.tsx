// The access of somebody who serves: where they are signed in, and their second factor.
import { Button, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { everything } from "@/api/pages";
import { useMe } from "@/app/session";
import type { Agent } from "@/features/directory/directory";
import { SessionList } from "@/features/me/session-list";
import { Dialog } from "@/parts/dialog";
import { ResetFactor } from "@/parts/reset-factor";
import { Failure, LoadingRows } from "@/parts/states";

interface Props {
  agent: Agent;
  onClose: () => void;
  onPassword: () => void;
}

export function AccessDialog({ agent, onClose, onPassword }: Props) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const me = useMe();
  const queryKey = ["agent-sessions", agent.id];
  const sessions = useQuery({
    queryKey,
    queryFn: () =>
      everything((cursor) =>
        data(
          api.GET("/api/v1/agents/{id}/sessions", {
            params: { path: { id: agent.id }, query: { limit: 100, cursor } },
          }),
        ),
      ),
  });
  const end = useMutation({
    mutationFn: (session: string) =>
      api.DELETE("/api/v1/agents/{id}/sessions/{session}", { params: { path: { id: agent.id, session } } }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  return (
    <Dialog opened onClose={onClose} title={t("people.accessOf", { name: agent.name })} size="lg">
      <Stack>
        {sessions.isPending && <LoadingRows rows={2} />}
        {sessions.isLoadingError && <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />}
        {sessions.data?.length === 0 && <Text c="dimmed">{t("people.noSessions")}</Text>}
        {sessions.data && <SessionList sessions={sessions.data} ending={end} />}
        <Button variant="default" w="fit-content" onClick={onPassword}>
          {t("people.passwordOf", { name: agent.name })}
        </Button>
        {agent.id !== me.id && (
          <ResetFactor
            name={agent.name}
            reset={() => api.DELETE("/api/v1/agents/{id}/second-factor", { params: { path: { id: agent.id } } })}
            onReset={() => queries.invalidateQueries({ queryKey })}
          />
        )}
      </Stack>
    </Dialog>
  );
}
