import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Outlet } from "@tanstack/react-router";
import { Failure, Missing } from "@/parts/states";

/** What stands outside every frame is the whole page. */
export const Route = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => (
    <main>
      <Missing />
    </main>
  ),
  errorComponent: ({ error, reset }) => (
    <main>
      <Failure error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} order={1} />
    </main>
  ),
});
