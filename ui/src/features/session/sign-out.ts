// The way out.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { api } from "@/api/client";

/** Signs out and forgets everything that was read. */
export function useSignOut() {
  const router = useRouter();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE("/api/v1/sessions/current"),
    onSuccess: async () => {
      queries.clear();
      await router.navigate({ to: "/sign-in" });
    },
  });
}
