// The routes, and what stands in the place of a screen while it is on its way, when it could not be had, and when there is none.
import type { QueryClient } from "@tanstack/react-query";
import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { Failed } from "@/parts/failed";
import { ComingPage } from "@/parts/page";
import { Missing } from "@/parts/states";
import { routeTree } from "@/routeTree.gen";

export function makeRouter(queries: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultNotFoundComponent: Missing,
    defaultErrorComponent: Failed,
    defaultPendingComponent: ComingPage,
    // What is there within a blink takes the place of the screen before at once; for what is not, one sees that it comes.
    defaultPendingMs: 250,
    defaultPendingMinMs: 300,
    scrollRestoration: true,
    ...(history && { history }),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
