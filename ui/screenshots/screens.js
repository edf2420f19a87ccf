// Every screen, who looks at it, and what they do before the picture is taken.

/** Those that the guide shows. */
export const GUIDE = [
  "my-day",
  "inbox",
  "ticket",
  "ticket-macros",
  "ticket-ledger",
  "ticket-merge",
  "escalation",
  "board",
  "account",
  "admin-policy-preview",
  "admin-calendars",
  "portal-new",
  "portal-request",
  "portal-promises",
  "set-up",
  "set-up-promises",
  "set-up-mailbox",
  "sign-in",
  "sign-in-code",
  "me-passkey",
];

/** Opens the menu of a ticket and chooses from it. */
const choose = (words) => async (page) => {
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: words }).click();
};

const press = (role, name) => (page) => page.getByRole(role, { name }).first().click();

/** On a narrow screen the details of a ticket lie behind a tab. */
const toDetails = (act) => async (page) => {
  const tab = page.getByRole("tab", { name: "Details" });
  if (await tab.isVisible()) await tab.click();
  await act(page);
};

/** Opens the menu of oneself, which lies behind the navigation on a narrow screen. */
async function openPerson(page) {
  const burger = page.getByRole("button", { name: "Open navigation" });
  if (await burger.isVisible()) await burger.click();
  await page.getByRole("button", { name: /^You:/ }).click();
}

/** Recovery codes as they are shown once. Nothing is set up, so that everybody can still be looked at. */
async function toCodes(page) {
  const recovery_codes = Array.from({ length: 10 }, (_, at) => `k${at}7f-q2x${at}-m9d${at}`);
  await page.route("**/me/second-factor/confirmation", (route) => route.fulfill({ json: { recovery_codes } }));
  await press("button", "Set up")(page);
  await page.locator("form input[type=password]").last().fill("keep every promise");
  await press("button", "Next")(page);
  await page.locator("input[autocomplete=one-time-code]").fill("000000");
  await press("button", "Confirm")(page);
}

/** Those who serve see these; `of` is what the stage says is worth a picture. */
function work(of) {
  const agent = [
    ["my-day", "/my-day"],
    ["inbox", "/inbox"],
    ["inbox-nothing", "/inbox?words=nothing-like-it"],
    ["inbox-chosen", "/inbox", (page) => page.getByRole("checkbox").nth(1).click()],
    ["inbox-filters", "/inbox", press("button", "Filter")],
    ["inbox-save-view", "/inbox?severity=P1", press("button", /Save/)],
    ["ticket", `/tickets/${of.ticket}`],
    ["ticket-ledger", `/tickets/${of.hours}`, toDetails(press("button", /Why/))],
    ["ticket-details", `/tickets/${of.ticket}`, toDetails(async () => undefined)],
    [
      "ticket-merge",
      `/tickets/${of.ticket}`,
      async (page) => {
        await choose(/Merge/)(page);
        await page.getByLabel(/Number of the ticket/).fill(String(of.other));
      },
    ],
    ["ticket-split", `/tickets/${of.ticket}`, choose(/Split/)],
    ["ticket-escalate", `/tickets/${of.ticket}`, choose(/Escalate/)],
    ["ticket-actions", `/tickets/${of.ticket}`, press("button", "Actions")],
    [
      "ticket-macros",
      `/tickets/${of.ticket}`,
      async (page) => {
        await page.locator(".ProseMirror").click();
        await page.keyboard.press("Control+a");
        await page.keyboard.type("/");
      },
    ],
    [
      "ticket-mention",
      `/tickets/${of.ticket}`,
      async (page) => {
        await page.getByText("Internal note", { exact: true }).click();
        await page.locator(".ProseMirror").click();
        await page.keyboard.press("Control+a");
        await page.keyboard.type("@m");
      },
    ],
    ["ticket-missing", "/tickets/999999"],
    ["new-ticket", "/tickets/new"],
    ["board", "/board"],
    ["escalations", "/escalations"],
    ["escalation", `/escalations/${of.escalation}`],
    ["accounts", "/accounts"],
    ["account", `/accounts/${of.account}`],
    ["teams", "/teams"],
    ["person", "/my-day", openPerson],
    ["search", "/search?q=sign"],
    ["search-empty", "/search"],
    ["me", "/me"],
    ["me-passkey", "/me", press("button", "Add a passkey")],
    ["me-factor", "/me", press("button", "Set up")],
    ["me-codes", "/me", toCodes],
    ["forbidden", "/admin/audit"],
    ["missing", "/nowhere"],
    ["palette", "/my-day", (page) => page.keyboard.press("Control+k")],
    ["keys", "/my-day", (page) => page.keyboard.press("?")],
    [
      "bell",
      "/my-day",
      (page) =>
        page
          .getByRole("button", { name: /notification/i })
          .locator("visible=true")
          .click(),
    ],
  ].map(([name, path, act]) => ({ who: "priya.nair", name, path, act }));
  const administrator = [
    ["admin-policy", "/admin/policy"],
    ["admin-policy-apply", "/admin/policy", press("button", /Apply/)],
    [
      "admin-policy-preview",
      "/admin/policy",
      async (page) => {
        await press("button", /Apply/)(page);
        await page.getByRole("combobox", { name: "Pack", exact: true }).selectOption({ index: 1 });
        await press("button", /which clocks/)(page);
      },
    ],
    ["admin-policy-tiers", "/admin/policy", press("tab", "Tiers")],
    ["admin-policy-escalation", "/admin/policy", press("tab", "Escalation")],
    ["admin-policy-history", "/admin/policy", press("tab", "History")],
    ["admin-policy-compare", "/admin/policy", press("tab", "Compare")],
    [
      "admin-calendars",
      "/admin/calendars",
      (page) => page.getByLabel("Calendar", { exact: true }).selectOption("business-hours"),
    ],
    ["admin-people", "/admin/people"],
    ["admin-people-new", "/admin/people", press("button", /^New/)],
    ["admin-roles", "/admin/roles"],
    ["admin-company", "/admin/company"],
    ["admin-mail", "/admin/mail"],
    ["admin-macros", "/admin/macros"],
    ["admin-macros-new", "/admin/macros", press("button", /^New/)],
    ["admin-views", "/admin/views"],
    ["admin-tokens", "/admin/tokens"],
    ["admin-tokens-new", "/admin/tokens", press("button", "Make a token")],
    ["admin-webhooks", "/admin/webhooks"],
    ["admin-failures", "/admin/failures"],
    ["admin-audit", "/admin/audit"],
    ["admin-health", "/admin/health"],
    ["accounts-new", "/accounts", press("button", /New/)],
  ].map(([name, path, act]) => ({ who: "ada.quill", name, path, act }));
  return [...agent, ...administrator];
}

/** Customers see these. */
function portal(of) {
  return [
    ["portal", "/portal"],
    ["portal-new", "/portal/new"],
    ["portal-request", `/portal/requests/${of.request}`],
    ["portal-promises", "/portal/promises"],
    ["portal-people", "/portal/people"],
    ["portal-people-new", "/portal/people", press("button", /Add|Invite|New/)],
    ["portal-profile", "/portal/profile"],
    ["portal-escalate", `/portal/requests/${of.request}`, press("button", /escalation/)],
    ["portal-missing", "/portal/requests/999999"],
  ].map(([name, path, act]) => ({ who: "alma.ellery", name, path, act }));
}

/** Every screen of a demonstration. */
export function screens(of) {
  const stranger = [
    { name: "sign-in", path: "/sign-in" },
    {
      name: "sign-in-code",
      path: "/sign-in",
      act: async (page) => {
        await page.locator("input[type=email]").fill(of.guarded.email);
        await page.locator("input[type=password]").fill(of.guarded.password);
        await page.locator("button[type=submit]").click();
        await page.locator("input[autocomplete=one-time-code]").waitFor();
      },
    },
    { name: "forgotten", path: "/forgotten?purpose=new_password" },
    { name: "sign-in-link", path: "/sign-in-link#msl_none" },
    { name: "new-password", path: "/new-password#msl_none" },
  ];
  return [...stranger, ...work(of), ...portal(of)];
}

/** The first run, in a store with nothing in it. */
export function setUpScreens(key) {
  return [{ name: "set-up", path: `/set-up#${key}` }];
}

/** Each step of the first run that its administrator goes on with. */
export function setUpSteps() {
  return ["Company", "Promises", "Mailbox", "Team", "Account", "First ticket"].map((step) => ({
    who: "nora.reyes",
    name: `set-up-${step.toLowerCase().replace(" ", "-")}`,
    path: "/set-up",
    act: press("button", step),
  }));
}
