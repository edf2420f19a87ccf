// Every screen says that it is on its way, that it could not be had, that one may not see it, and that there is nothing.
import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { allRoutes, but, ID, json, open, PERMISSIONS, problem, service } from "./test-service";

/** Screens that show what was read, by their routes, with an address of each where the route is none. */
const SCREENS: Record<string, { at?: string; isList?: boolean }> = {
  "/my-day": { isList: true },
  "/inbox": { isList: true },
  "/board": {},
  "/escalations": { isList: true },
  "/escalations/$id": { at: `/escalations/${ID}` },
  "/accounts": { isList: true },
  "/accounts/$id": { at: `/accounts/${ID}` },
  "/teams": { isList: true },
  "/search": { at: "/search?q=sign", isList: true },
  "/tickets/$id": { at: "/tickets/7" },
  "/me": {},
  "/admin/policy": {},
  "/admin/calendars": {},
  "/admin/people": {},
  "/admin/teams": { isList: true },
  "/admin/roles": {},
  "/admin/company": {},
  "/admin/mail": { isList: true },
  "/admin/macros": { isList: true },
  "/admin/views": { isList: true },
  "/admin/tokens": { isList: true },
  "/admin/webhooks": { isList: true },
  "/admin/failures": { isList: true },
  "/admin/audit": { isList: true },
  "/admin/health": {},
  "/portal": { isList: true },
  "/portal/new": {},
  "/portal/people": {},
  "/portal/profile": {},
  "/portal/promises": {},
  "/portal/requests/$id": { at: "/portal/requests/7" },
  "/set-up": {},
};

/** Those that show nothing which must be read first: they ask, or lead elsewhere. */
const OTHERS = [
  ...["/", "/admin", "/forgotten", "/new-password", "/second-factor", "/sign-in", "/sign-in-link", "/tickets/new"],
];

test("every route is looked at", () => {
  expect(allRoutes().sort()).toEqual([...Object.keys(SCREENS), ...OTHERS].sort());
});

describe.each(Object.entries(SCREENS))("%s", (route, { at = route }) => {
  test("is on its way", async () => {
    open(at, () => undefined);
    expect((await screen.findAllByRole("status", { name: "Loading…" })).length).toBeGreaterThan(0);
  });

  test("could not be had, and is asked for again", async () => {
    const failed = new Set<string>();
    open(at, (path) => {
      failed.add(path);
      return problem(500);
    });
    const again = (await screen.findAllByRole("button", { name: "Try again" }))[0] as HTMLElement;
    await waitFor(() => expect(screen.queryByRole("status", { name: "Loading…" })).toBeNull());
    const before = service.asked.length;
    fireEvent.click(again);
    await waitFor(() => expect(service.asked.slice(before).some((path) => failed.has(path))).toBe(true));
  });

  test("may not be seen", async () => {
    open(at, () => problem(403));
    expect((await screen.findAllByRole("heading", { name: "You may not see this" })).length).toBeGreaterThan(0);
  });
});

describe.each(Object.entries(SCREENS).filter(([, { isList }]) => isList))("%s", (route, { at = route }) => {
  test("has nothing", async () => {
    open(at, () => json({ items: [], next: null }));
    await waitFor(() => expect(screen.queryByRole("status", { name: "Loading…" })).toBeNull());
    await waitFor(() => expect(document.querySelector(".tabler-icon-sailboat")).not.toBeNull());
  });

  test("keeps what it had when it cannot be read again", async () => {
    let isWell = true;
    const queries = open(at, () => (isWell ? json({ items: [], next: null }) : problem(500)));
    await waitFor(() => expect(document.querySelector(".tabler-icon-sailboat")).not.toBeNull());
    isWell = false;
    await act(async () => {
      await queries.invalidateQueries();
      // Who looks at a query is told of it in the next turn.
      await new Promise((told) => setTimeout(told));
    });
    expect(queries.getQueryCache().findAll({ predicate: ({ state }) => state.status === "error" })).not.toEqual([]);
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
    expect(document.querySelector(".tabler-icon-sailboat")).not.toBeNull();
  });
});

test("a customer who may not see how promises were kept sees what is promised, and is refused nothing", async () => {
  const tier = { name: "Enterprise", description: "The largest", support_hours: "Every hour" };
  const told = { tier, promises: [], severities: [], categories: [], people: [] };
  open(
    "/portal/promises",
    (path) => (path === "/api/v1/portal/service" ? json(told) : problem(403)),
    PERMISSIONS.filter((permission) => permission !== "portal.read_promises"),
  );
  expect(await screen.findByRole("heading", { name: "Your tier: Enterprise" })).not.toBeNull();
  expect(screen.queryByRole("heading", { name: "You may not see this" })).toBeNull();
  expect(service.asked).not.toContain("/api/v1/attainment");
});

describe("a part that could not be had says so", () => {
  test.each<[string, string, string[], string?]>([
    ["/inbox", "/api/v1/tickets/count", ["How many there are could not be loaded"]],
    ["/inbox", "/api/v1/views", ["Saved views could not be loaded"]],
    ["/inbox", "/api/v1/teams", ["Teams could not be loaded", "Some choices could not be loaded"], "Filters"],
    ["/inbox", "/api/v1/agents", ["Some choices could not be loaded"], "Filters"],
    ["/inbox", "/api/v1/policy", ["Some choices could not be loaded"], "Filters"],
    ["/inbox", "/api/v1/accounts", ["Some choices could not be loaded"], "Filters"],
    [`/tickets/new?account=${ID}`, "/api/v1/contacts", ["Contacts could not be loaded"]],
    [`/tickets/new?account=${ID}`, "/api/v1/accounts", ["Accounts could not be loaded"]],
    [`/tickets/new?account=${ID}`, "/api/v1/policy", ["Severities and categories could not be loaded"]],
  ])("%s without %s", async (at, path, said, pressed) => {
    open(at, but({ [path]: () => problem(500) }));
    if (pressed) fireEvent.click(await screen.findByRole("button", { name: new RegExp(pressed) }));
    for (const words of said) {
      const part = (await screen.findByText(words)).closest("[role=alert]") as HTMLElement;
      const before = service.asked.length;
      fireEvent.click(within(part).getByRole("button", { name: "Try again", hidden: true }));
      await waitFor(() => expect(service.asked.slice(before)).toContain(path));
    }
  });

  test("what one may not see is not asked for again", async () => {
    open("/inbox", but({ "/api/v1/teams": () => problem(403) }));
    expect((await screen.findByText("You may not see this")).closest("[role=alert]")).not.toBeNull();
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });
});

test.each([
  [() => problem(500), "This could not be loaded"],
  [() => json({ items: [], next: null }), "This view is gone"],
])("a saved view that is not known lists nothing", async (views, said) => {
  open(`/inbox?view=${ID}`, but({ "/api/v1/views": views }));
  await screen.findByRole("heading", { name: said });
  expect(service.asked).not.toContain("/api/v1/tickets");
});

test("the inbox of a team bears its name", async () => {
  const team = { id: ID, name: "Night shift", members: [] };
  open(`/inbox?team=${ID}`, but({ "/api/v1/teams": () => json({ items: [team], next: null }) }));
  await screen.findByRole("heading", { level: 1, name: "Night shift" });
});

test("the order that is named is the one in which a view is listed", async () => {
  open("/inbox?view=done", but({}));
  expect(await screen.findByRole("combobox", { name: "Order" })).toHaveProperty("value", "-updated");
});

test("the words of one view are not those of another", async () => {
  open("/inbox?words=export", but({}));
  const field = await screen.findByLabelText("Search subjects and conversations");
  expect(field).toHaveProperty("value", "export");
  fireEvent.click(screen.getByRole("link", { name: /^All open/ }));
  await waitFor(() => expect(field).toHaveProperty("value", ""));
});

test("nobody is told that they owe nothing while an escalation waits for them", async () => {
  const waiting = {
    id: ID,
    ladder: "support",
    phase: "open",
    level: 1,
    reason: { type: "manual" },
    parts: { type: "asked", by: "team_decision", note: "" },
    subject: `ticket:${ID}`,
    tickets: [ID],
    raised_at: "2026-03-02T14:00:00Z",
  };
  open(
    "/my-day",
    but({
      "/api/v1/escalations": () => json({ items: [waiting], next: null }),
      [`/api/v1/tickets/${ID}`]: () => json({ id: ID, number: 7, subject: "Reports are late" }),
    }),
  );
  await screen.findByText("#7 Reports are late");
  await screen.findByRole("heading", { name: "No open ticket is yours" });
  expect(screen.queryByText("You owe nobody anything")).toBeNull();
  cleanup();
  open("/my-day", but({ "/api/v1/escalations": () => problem(500) }));
  await screen.findByRole("heading", { name: "No open ticket is yours" });
  cleanup();
  open("/my-day", but({}));
  await screen.findByRole("heading", { name: "You owe nobody anything" });
});

test("the way back from a ticket leads to the view that was open", async () => {
  open("/inbox?view=mine", but({}));
  await screen.findByRole("heading", { level: 1, name: "Mine" });
  cleanup();
  const ticket = {
    ...{
      id: ID,
      number: 7,
      subject: "Reports are late",
      severity: "P2",
      status: "open",
      status_kind: "open",
      version: 1,
    },
    ...{ tags: [], followers: [], links: [], fields: {}, opened_at: "2026-03-02T14:00:00Z" },
  };
  open("/tickets/7", but({ "/api/v1/tickets/7": () => json(ticket) }));
  await screen.findByRole("heading", { level: 1, name: "Reports are late" });
  const ways = screen.getAllByRole("link", { name: "Inbox" }).map((way) => way.getAttribute("href"));
  expect(ways).toContain("/inbox?view=mine");
});

test("who may not open tickets is offered no new one", async () => {
  const kept = [...PERMISSIONS];
  open("/inbox", but({}));
  expect(await screen.findByRole("link", { name: "New ticket" })).not.toBeNull();
  cleanup();
  PERMISSIONS.splice(PERMISSIONS.indexOf("ticket.create"), 1);
  open("/inbox", but({}));
  await screen.findByRole("heading", { level: 1, name: "All open" });
  expect(screen.queryByRole("link", { name: "New ticket" })).toBeNull();
  PERMISSIONS.splice(0, PERMISSIONS.length, ...kept);
});
