// How answers of the service are kept, and how each is called.
import { MutationCache, QueryClient } from "@tanstack/react-query";
import { ApiProblem, Unreachable } from "@/api/client";

/** A refusal is final; only what may be better a moment later is asked again. */
function isWorthAnotherTry(failures: number, error: Error): boolean {
  if (error instanceof ApiProblem) return error.status >= 500 && failures < 2;
  return error instanceof Unreachable && failures < 3;
}

/** Makes the cache. `onFailure` tells the person of a change that was refused and that nobody else spoke of. */
export function makeQueryClient(onFailure: (error: Error) => void): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Live events say what has changed, so what was read stays fresh until one does.
      queries: {
        staleTime: 60_000,
        gcTime: 10 * 60_000,
        retry: isWorthAnotherTry,
        refetchOnWindowFocus: false,
        refetchOnReconnect: true,
        networkMode: "always",
      },
      // Without a connection it is said at once that something was not done, and it is not done later without a word.
      mutations: { retry: false, networkMode: "always" },
    },
    mutationCache: new MutationCache({
      onError: (error, _input, _context, mutation) => {
        if (!mutation.meta?.handlesFailure) onFailure(error);
      },
    }),
  });
}
