// What can be done is done by key, and the keyboard is never lost.
import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { but, ID, json, open, PERMISSIONS, problem, service } from "./test-service";

const OTHER = "018f0000-0000-7000-8000-00000000000b";

const TICKET = {
  ...{
    id: ID,
    number: 7,
    subject: "Reports are late",
    severity: "P2",
    status: "open",
    status_kind: "open",
    version: 1,
  },
  ...{ tags: ["export"], followers: [], links: [], fields: {}, opened_at: "2026-03-02T14:00:00Z" },
};

const MAY = [
  ...PERMISSIONS,
  ...["ticket.assign", "ticket.prioritise", "ticket.merge", "ticket.note", "ticket.bulk", "escalation.raise"],
];

const SERVED = {
  "/api/v1/tickets": () => json({ items: [TICKET], next: null }),
  "/api/v1/tickets/7": () => json(TICKET),
  [`/api/v1/tickets/${ID}`]: () => json(TICKET),
  "/api/v1/tickets/bulk": () => json([]),
  "/api/v1/agents": () =>
    json({ items: [{ id: OTHER, name: "Ana Ruiz", active: true, email: "ana@example.com" }], next: null }),
  "/api/v1/teams": () => json({ items: [{ id: OTHER, name: "Night shift", members: [] }], next: null }),
  "/api/v1/policy": () =>
    json({ severities: [], categories: [{ name: "billing", title: "Billing", description: "" }], commitments: [] }),
};

const press = (key: string, on: Element = document.body) => fireEvent.keyDown(on, { key, code: key });

/** The field of the palette, at the values of a command. */
const field = (name: RegExp) => screen.findByRole("textbox", { name });

const patched = () => service.sent.filter(({ method }) => method === "PATCH").map(({ body }) => body);

async function openTicket(permissions = MAY) {
  open("/tickets/7", but(SERVED), permissions);
  await screen.findByRole("button", { name: "Actions" });
}

describe("on a ticket", () => {
  test.each<[string, RegExp, string, string, unknown]>([
    ["a", /^Assign$/, "ruiz", "Ana Ruiz", { assignee: OTHER }],
    ["t", /^Change the team$/, "", "Night shift", { team: OTHER }],
    ["s", /^Change the status$/, "hold", "On hold", { status: "on_hold" }],
    ["p", /^Change the severity$/, "p1", "P1 Critical", { severity: "P1" }],
    ["c", /^Change the category$/, "", "Billing", { category: "billing" }],
    ["l", /^Add or remove tags/, "late", "Add the tag “late”", { add_tags: ["late"] }],
    ["l", /^Add or remove tags/, "export", "Remove the tag “export”", { remove_tags: ["export"] }],
    ["f", /^Add or remove followers$/, "", "Add Ana Ruiz", { add_followers: [OTHER] }],
    ["L", /^Link to another ticket/, "9", "Duplicates #9", { add_links: [{ to: 9, relation: "duplicates" }] }],
  ])("%s leads to the values", async (key, name, typed, value, change) => {
    await openTicket();
    press(key);
    const words = await field(name);
    fireEvent.change(words, { target: { value: typed } });
    fireEvent.click(await screen.findByRole("button", { name: value }));
    await waitFor(() => expect(patched()).toEqual([change]));
  });

  test("Enter takes the first of the values", async () => {
    await openTicket();
    press("p");
    const words = await field(/^Change the severity$/);
    await waitFor(() => expect(document.querySelector("[data-selected]")?.textContent).toContain("P1 Critical"));
    press("Enter", words);
    await waitFor(() => expect(patched()).toEqual([{ severity: "P1" }]));
  });

  test.each([
    ["M", "Merge #7 into another ticket"],
    ["S", "Split messages off #7"],
  ])("%s opens its dialogue", async (key, title) => {
    await openTicket();
    press(key);
    await screen.findByRole("dialog", { name: title });
  });

  test("the palette has every command with its key, and Backspace leads back from the values", async () => {
    await openTicket();
    fireEvent.click(screen.getAllByText("Search or go to…")[0] as HTMLElement);
    const words = await field(/^A screen/);
    const offered = screen.getAllByRole("button").map(({ textContent }) => textContent);
    const commands = ["Take itm", "Assigna", "Change the teamt", "Change the statuss", "Change the severityp"];
    commands.push("Change the categoryc", "Add or remove tagsl", "Add or remove followersf", "Resolvee", "Close#");
    commands.push("Link to another ticket⇧ l", "Merge into another ticket⇧ m", "Split messages off⇧ s", "Escalate!");
    commands.push("Reply to the customerr", "Write an internal noten", "Back to the inboxu");
    expect(commands.filter((command) => !offered.includes(command))).toEqual([]);
    fireEvent.change(words, { target: { value: "sever" } });
    fireEvent.click(screen.getByRole("button", { name: /^Change the severity/ }));
    const values = await field(/^Change the severity$/);
    expect(values).toHaveProperty("value", "");
    press("Backspace", values);
    await field(/^A screen/);
  });

  test("nothing is offered that one may not do", async () => {
    open("/tickets/7", but(SERVED), ["ticket.read", "agent.read"]);
    await screen.findByRole("heading", { level: 1, name: "Reports are late" });
    await act(async () => {});
    for (const key of ["a", "s", "M"]) press(key);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  test("a screen's key after g does nothing to the ticket", async () => {
    await openTicket();
    press("g");
    press("e");
    await screen.findByRole("heading", { level: 1, name: "Escalations" });
    expect(patched()).toEqual([]);
  });

  test("Enter links, and a refused number stays with its fault", async () => {
    let isRefused = true;
    const answer = but({ ...SERVED, [`/api/v1/tickets/${ID}`]: () => (isRefused ? problem(404) : json(TICKET)) });
    open("/tickets/7", answer, MAY);
    const number = await screen.findByLabelText("Number of the other ticket");
    fireEvent.change(number, { target: { value: "99" } });
    fireEvent.submit(number);
    await within(number.closest("form") as HTMLElement).findByRole("alert");
    expect(number).toHaveProperty("value", "#99");
    expect(number.getAttribute("aria-invalid")).toBe("true");
    isRefused = false;
    fireEvent.submit(number);
    await waitFor(() => expect(number).toHaveProperty("value", ""));
    expect(patched()).toHaveLength(2);
  });
});

test("what is selected in the inbox is changed by key", async () => {
  open("/inbox?view=open", but(SERVED), MAY);
  await screen.findByRole("heading", { level: 1, name: "All open" });
  press("s");
  expect(screen.queryByRole("dialog")).toBeNull();
  await waitFor(() => {
    fireEvent.keyDown(document.body, { key: "a", ctrlKey: true });
    screen.getByRole("toolbar", { name: "Change what is selected" });
  });
  press("s");
  await field(/^Change the status$/);
  expect(screen.getByRole("dialog")).not.toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "On hold" }));
  await waitFor(() => expect(service.sent).toHaveLength(1));
  expect(service.sent).toMatchObject([
    { path: "/api/v1/tickets/bulk", body: { tickets: [ID], change: { status: "on_hold" } } },
  ]);
});

test("Escape closes the list of a filter first, then the filters, and leads back to their button", async () => {
  open("/inbox", but(SERVED), MAY);
  const button = await screen.findByRole("button", { name: /^Filters/ });
  button.focus();
  fireEvent.click(button);
  const risk = await screen.findByLabelText("Breach risk", { selector: "input" });
  risk.focus();
  fireEvent.click(risk);
  await waitFor(() => expect(risk.hasAttribute("data-expanded")).toBe(true));
  press("Escape", risk);
  await waitFor(() => expect(risk.hasAttribute("data-expanded")).toBe(false));
  expect(button.getAttribute("aria-expanded")).toBe("true");
  press("Escape", risk);
  await waitFor(() => expect(button.getAttribute("aria-expanded")).toBe("false"));
  await waitFor(() => expect(document.activeElement).toBe(button));
});

test("the field of the search takes the keyboard from nobody who did not ask for it", async () => {
  open("/search", but({}));
  const unasked = await screen.findByRole("searchbox");
  expect(document.activeElement).not.toBe(unasked);
  press("?");
  await screen.findByRole("dialog", { name: "Keys" });
  cleanup();
  open("/my-day", but({}));
  await screen.findByRole("heading", { level: 1, name: /Priya/ });
  press("/");
  const field = await screen.findByRole("searchbox");
  await waitFor(() => expect(document.activeElement).toBe(field));
});

test.each([
  ["/tickets/new", "ticket.create"],
  ["/admin/policy", "policy.read"],
])("%s is not shown to whom the service would refuse it", async (at, permission) => {
  open(
    at,
    but(SERVED),
    MAY.filter((each) => each !== permission),
  );
  await screen.findByRole("heading", { name: "You may not see this" });
  expect(document.querySelector("form")).toBeNull();
});

test("what is said of a lost connection stands above the screen, which is as high as what is left", async () => {
  await openTicket();
  await act(async () => {
    window.dispatchEvent(new Event("offline"));
  });
  const banner = await screen.findByText(/^The connection/);
  const main = screen.getByRole("main");
  expect(banner.parentElement).toBe(main);
  expect(banner.nextElementSibling?.contains(screen.getByRole("article"))).toBe(true);
  expect(screen.getByRole("article").parentElement).not.toBe(main);
});
