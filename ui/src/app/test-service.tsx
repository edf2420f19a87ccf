// The service as tests stand it in, and the whole client before it, at any of its screens. A test reads it before anything of the
// client that asks the service.
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { cleanup, configure, render } from "@testing-library/react";
import { afterEach, beforeAll, vi } from "vitest";
import { startLanguage } from "./i18n";
import { makeQueryClient } from "./query";
import { makeRouter } from "./router";

/** What changes something. */
interface Sent {
  path: string;
  method: string;
  body?: unknown;
}

/** The service: what it answers at a path, and what it was asked for. It stands there before the client looks for it. */
const service = vi.hoisted(() => {
  const service = {
    answer: (_path: string): Response | undefined => undefined,
    asked: [] as string[],
    sent: [] as Sent[],
  };
  const Plain = globalThis.Request;
  globalThis.Request = class extends Plain {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://localhost") : input, init);
    }
  };
  globalThis.fetch = (input) => {
    const path = new URL(input instanceof Request ? input.url : String(input), "http://localhost").pathname;
    service.asked.push(path);
    if (input instanceof Request && input.method !== "GET") {
      const sent: Sent = { path, method: input.method };
      service.sent.push(sent);
      void input
        .clone()
        .text()
        .then((text) => {
          sent.body = text && JSON.parse(text);
        });
    }
    const answer = service.answer(path);
    // What is not answered is on its way for as long as the test lasts.
    return answer ? Promise.resolve(answer) : new Promise(() => undefined);
  };
  return service;
});

export const ID = "018f0000-0000-7000-8000-00000000000a";

export const PERMISSIONS = [
  ...["account.read", "account.update", "agent.read", "agent.update", "audit.read", "clock.read", "contract.read"],
  ...["escalation.read", "mail.read", "policy.read", "portal.read_account", "portal.read_promises"],
  ...["portal.update_contacts", "settings.read", "settings.update", "team.update", "ticket.create", "ticket.read"],
  ...["ticket.reply", "ticket.update", "token.update", "webhook.update"],
];

/** What every screen needs before there is anything of it to see. */
const frame = (kind: "agent" | "contact", permissions: string[]): Record<string, unknown> => ({
  "/api/v1/sessions/current": {
    me: {
      id: ID,
      name: "Priya Nair",
      email: "priya@example.com",
      kind,
      roles: [],
      password: true,
      permissions,
      second_factor: { enabled: false, required: false, authenticator: false, passkeys: 0, recovery_codes: 0 },
    },
    passkeys: false,
  },
  "/api/v1/time": { now: "2026-03-02T14:30:00Z", speed: 0, simulated: true },
  "/api/v1/portal": { name: "Acme" },
  "/api/v1/set-up": { needed: false },
});

export const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  });

export const problem = (status: number) =>
  json({ type: "about:blank", title: "Refused", status, detail: "Refused" }, status);

/** The routes of the client, each once. */
export function allRoutes(): string[] {
  const { routesByPath } = makeRouter(makeQueryClient(() => undefined));
  return [...new Set(Object.keys(routesByPath).map((path) => path.replace(/(.)\/$/, "$1")))];
}

/** Opens a screen for whom it is meant, with a service that answers so whatever is not part of every screen. */
export function open(path: string, answer: (path: string) => Response | undefined, permissions = PERMISSIONS) {
  const first = frame(path.startsWith("/portal") ? "contact" : "agent", permissions);
  service.answer = (asked) => {
    if (asked in first) return json(first[asked]);
    return asked.endsWith("/events") ? undefined : answer(asked);
  };
  service.asked.length = 0;
  service.sent.length = 0;
  // React tells of each error that a boundary caught.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const queries = makeQueryClient(() => undefined);
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, retry: false } });
  const router = makeRouter(queries, createMemoryHistory({ initialEntries: [path] }));
  render(
    <QueryClientProvider client={queries}>
      <MantineProvider>
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  return queries;
}

/** An answer for some paths; everything else is there, and empty. */
export const but = (others: Record<string, () => Response>) => (path: string) =>
  others[path]?.() ?? json({ items: [], next: null });

// The code of a screen is read when it is first opened, which takes a busy machine a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
configure({ asyncUtilTimeout: 30_000 });

beforeAll(async () => {
  window.scrollTo = () => undefined;
  await startLanguage();
});

afterEach(cleanup);

export { service };
