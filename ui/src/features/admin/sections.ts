/** The sections of the administration, each with the permission that shows it. */
export const SECTIONS = [
  { to: "/admin/policy", label: "policy.nav", permission: "policy.read" },
  { to: "/admin/calendars", label: "calendars.nav", permission: "policy.read" },
  { to: "/admin/people", label: "people.nav", permission: "agent.read" },
  { to: "/admin/teams", label: "teams.nav", permission: "agent.read" },
  { to: "/admin/roles", label: "roles.nav", permission: "policy.read" },
  { to: "/admin/company", label: "company.nav", permission: "settings.read" },
  { to: "/admin/mail", label: "mail.nav", permission: "mail.read" },
  { to: "/admin/macros", label: "macros.nav", permission: "ticket.read" },
  { to: "/admin/views", label: "views.nav", permission: "ticket.read" },
  { to: "/admin/tokens", label: "tokens.nav", permission: "token.update" },
  { to: "/admin/webhooks", label: "webhooks.nav", permission: "webhook.update" },
  { to: "/admin/failures", label: "failures.nav", permission: "settings.read" },
  { to: "/admin/audit", label: "audit.nav", permission: "audit.read" },
  { to: "/admin/health", label: "health.nav", permission: "settings.read" },
] as const;
