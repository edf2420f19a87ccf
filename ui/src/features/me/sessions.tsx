// Where one is signed in oneself.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { everything } from "@/api/pages";
import { Failure, LoadingRows } from "@/parts/states";
import { SessionList } from "./session-list";

export function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: () =>
      everything((cursor) => data(api.GET("/api/v1/sessions", { params: { query: { limit: 100, cursor } } }))),
  });
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/sessions/{id}", { params: { path: { id } } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  if (sessions.isPending) return <LoadingRows rows={3} />;
  if (sessions.isLoadingError) return <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return <SessionList sessions={sessions.data} ending={end} />;
}
