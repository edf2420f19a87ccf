// What a form says of a mailbox, and what the service is told of it.
import type { Schemas } from "@/api/client";

type Mailbox = Schemas["Mailbox"];
type Server = Schemas["MailServer"];
type Security = Schemas["MailSecurity"];

/** A mail server as a form has it. */
export interface ServerValues {
  host: string;
  port: number | "";
  security: Security;
  sign_in: "password" | "oauth" | "none";
  user: string;
  password: string;
  token_url: string;
  client_id: string;
  client_secret: string;
  refresh_token: string;
  scope: string;
  folder: string;
}

/** A mailbox as a form has it. */
export interface MailboxValues {
  address: string;
  team: string | null;
  reads: boolean;
  incoming: ServerValues;
  sends: boolean;
  /** Whether whoever sends signs in as whoever reads. */
  alike: boolean;
  outgoing: ServerValues;
  signed_replies: boolean;
  authserv_id: string;
}

const SERVER: ServerValues = {
  host: "",
  port: "",
  security: "tls",
  sign_in: "password",
  user: "",
  password: "",
  token_url: "",
  client_id: "",
  client_secret: "",
  refresh_token: "",
  scope: "",
  folder: "",
};

/** Providers whose servers are known. */
export const PROVIDERS = {
  google: {
    incoming: { host: "imap.gmail.com", port: 993, security: "tls" },
    outgoing: { host: "smtp.gmail.com", port: 465, security: "tls" },
    oauth: { token_url: "https://oauth2.googleapis.com/token", scope: "" },
    sign_in: "password",
  },
  microsoft: {
    incoming: { host: "outlook.office365.com", port: 993, security: "tls" },
    outgoing: { host: "smtp.office365.com", port: 587, security: "starttls" },
    oauth: {
      token_url: "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token",
      scope: "https://outlook.office365.com/.default",
    },
    sign_in: "oauth",
  },
} as const;

export type Provider = keyof typeof PROVIDERS;

function serverValues(server: Server | null | undefined): ServerValues {
  if (!server) return SERVER;
  return {
    ...SERVER,
    host: server.host,
    port: server.port,
    security: server.security as Security,
    sign_in: (server.sign_in ?? "none") as ServerValues["sign_in"],
    user: server.user ?? "",
    token_url: server.oauth?.token_url ?? "",
    client_id: server.oauth?.client_id ?? "",
    scope: server.oauth?.scope ?? "",
    folder: server.folder ?? "",
  };
}

/** What a form begins with: the mailbox as it is, without its secrets, or a new one that reads and sends. */
export function mailboxValues(was?: Mailbox): MailboxValues {
  return {
    address: was?.address ?? "",
    team: was?.team ?? null,
    reads: was ? Boolean(was.incoming) : true,
    incoming: serverValues(was?.incoming),
    sends: was ? Boolean(was.outgoing) : true,
    alike: !was,
    outgoing: serverValues(was?.outgoing),
    signed_replies: was?.signed_replies ?? false,
    authserv_id: was?.authserv_id ?? "",
  };
}

/** Whether a mailbox has what few need: a folder of its own, signed addresses, a server that vouches for senders. */
export function isSpecialMailbox({ incoming, signed_replies, authserv_id }: MailboxValues): boolean {
  return signed_replies || authserv_id !== "" || !["", "INBOX"].includes(incoming.folder);
}

/** Whether the secret that is kept serves what a form says, too: for the same user of the same server, as safe on the way. */
export function keepsSecret(was: Server | null | undefined, values: ServerValues): boolean {
  return (
    was?.sign_in === values.sign_in &&
    was.host === values.host.trim().toLowerCase() &&
    was.user === values.user.trim() &&
    (values.security !== "none" || was.security === "none")
  );
}

/** What a provider's servers fill in. */
export function provided(values: MailboxValues, provider: Provider): MailboxValues {
  const { incoming, outgoing, oauth, sign_in } = PROVIDERS[provider];
  const given = { ...oauth, sign_in };
  return {
    ...values,
    incoming: { ...values.incoming, ...incoming, ...given },
    outgoing: { ...values.outgoing, ...outgoing, ...given },
  };
}

/** The mailbox with another address. What was guessed by the one before is guessed anew; what somebody said stays. */
export function addressed(values: MailboxValues, address: string): MailboxValues {
  const before = guessed({ ...values, incoming: SERVER, outgoing: SERVER });
  const unsaid = (server: ServerValues, was: ServerValues): ServerValues => ({
    ...server,
    host: server.host === was.host ? "" : server.host,
    user: server.user === was.user ? "" : server.user,
  });
  return guessed({
    ...values,
    address,
    incoming: unsaid(values.incoming, before.incoming),
    outgoing: unsaid(values.outgoing, before.outgoing),
  });
}

/** What the address lets one guess: who signs in, and at which servers, where nothing was said. */
export function guessed(values: MailboxValues): MailboxValues {
  const domain = values.address.trim().split("@")[1];
  if (!domain) return values;
  const guess = (server: ServerValues, name: string): ServerValues => ({
    ...server,
    host: server.host || `${name}.${domain}`,
    user: server.user || values.address.trim(),
  });
  return { ...values, incoming: guess(values.incoming, "imap"), outgoing: guess(values.outgoing, "smtp") };
}

/** A server as the service is told. A secret that was left empty stays as it is. */
function serverInput(values: ServerValues, sign_in: ServerValues = values): Schemas["MailServerInput"] {
  const secret = (text: string) => (text ? text : undefined);
  return {
    host: values.host.trim(),
    ...(values.port !== "" && { port: values.port }),
    security: values.security,
    ...(values.folder.trim() && { folder: values.folder.trim() }),
    ...(sign_in.sign_in !== "none" && { user: sign_in.user.trim() }),
    ...(sign_in.sign_in === "password" && sign_in.password && { password: sign_in.password }),
    ...(sign_in.sign_in === "oauth" && {
      oauth: {
        token_url: sign_in.token_url.trim(),
        client_id: sign_in.client_id.trim(),
        client_secret: secret(sign_in.client_secret),
        refresh_token: secret(sign_in.refresh_token),
        scope: sign_in.scope.trim() || undefined,
      },
    }),
  };
}

/** A mailbox as the service is told. */
export function mailboxInput(values: MailboxValues): Schemas["MailboxInput"] {
  const alike = values.alike && values.reads;
  return {
    address: values.address.trim(),
    team: values.team,
    incoming: values.reads ? serverInput(values.incoming) : null,
    outgoing: values.sends ? serverInput(values.outgoing, alike ? values.incoming : values.outgoing) : null,
    signed_replies: values.signed_replies,
    authserv_id: values.authserv_id.trim() || null,
  };
}
