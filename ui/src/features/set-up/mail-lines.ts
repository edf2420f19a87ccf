/** What somebody knows of their mail. What is empty is guessed. */
export interface MailLines {
  address: string;
  smtp: string;
  imap: string;
}

/** The lines of `mainstay.toml` by which mail is sent and fetched; the passwords are left to be written in. */
export function mailLines({ address, smtp, imap }: MailLines): string {
  const own = address.trim() || "support@example.com";
  const domain = own.split("@")[1] || "example.com";
  // What is a text in JSON is the same text in TOML.
  const text = (value: string) => JSON.stringify(value);
  return `[mail]
from = ${text(own)}

[smtp]
host = ${text(smtp.trim() || `smtp.${domain}`)}
user = ${text(own)}
password = "…"

[[mail.mailboxes]]
host = ${text(imap.trim() || `imap.${domain}`)}
user = ${text(own)}
password = "…"`;
}
