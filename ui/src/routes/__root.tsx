import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Outlet } from "@tanstack/react-router";
import { Failed } from "@/parts/failed";
import { Missing } from "@/parts/states";

/** What stands outside every frame is the whole page. */
export const Route = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => (
    <main>
      <Missing />
    </main>
  ),
  errorComponent: ({ error }) => (
    <main>
      <Failed error={error} />
    </main>
  ),
});
