import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "./global.css";

import { MantineProvider } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { type AnyRoute, RouterProvider } from "@tanstack/react-router";
import i18next from "i18next";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { applyDensity } from "./density";
import { startLanguage } from "./i18n";
import { makeQueryClient } from "./query";
import { makeRouter } from "./router";
import { meQuery } from "./session";
import { theme } from "./theme";
import { keepTime } from "./time";

const Notices = lazy(() => import("@/parts/notices"));

const queries = makeQueryClient((error) =>
  notifications.show({ color: "red", title: i18next.t("failure.notDone"), message: error.message, autoClose: 8000 }),
);

const router = makeRouter(queries);

/** Asks for who looks at the screen, and for its code, while the words are still on their way. */
function askAhead() {
  const matches = router.matchRoutes(router.latestLocation);
  if (matches.some(({ routeId }) => routeId === "/_work")) {
    void queries.prefetchQuery(meQuery);
    void keepTime();
  }
  const routes = new Map<string, AnyRoute>(Object.entries(router.routesById));
  for (const { routeId } of matches) {
    const route = routes.get(routeId);
    if (route) void router.loadRouteChunk(route);
  }
}

async function start() {
  applyDensity();
  askAhead();
  await startLanguage();
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <MantineProvider theme={theme} defaultColorScheme="auto">
          <Suspense>
            <Notices />
          </Suspense>
          <RouterProvider router={router} />
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}

void start();
