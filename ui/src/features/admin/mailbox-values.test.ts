import { expect, test } from "vitest";
import { guessed, mailboxInput, mailboxValues, provided } from "./mailbox-values";

test("an address is enough to guess the rest, and both servers are signed in to alike", () => {
  const values = guessed({ ...mailboxValues(), address: " help@desk.example " });
  values.incoming.password = "hunter2";
  expect(mailboxInput(values)).toEqual({
    address: "help@desk.example",
    team: null,
    incoming: { host: "imap.desk.example", security: "tls", user: "help@desk.example", password: "hunter2" },
    outgoing: { host: "smtp.desk.example", security: "tls", user: "help@desk.example", password: "hunter2" },
    signed_replies: false,
    authserv_id: null,
  });
});

test("a provider's servers are known, and what was said is not guessed over", () => {
  const values = guessed(provided({ ...mailboxValues(), address: "help@desk.example" }, "microsoft"));
  expect(values.incoming.host).toBe("outlook.office365.com");
  expect(values.outgoing.port).toBe(587);
  expect(mailboxInput(values).incoming?.oauth?.scope).toBe("https://outlook.office365.com/.default");
});

test("secrets that are not written anew are not sent", () => {
  const server = { host: "mail.desk.example", port: 993, security: "tls", user: "help", sign_in: "password" };
  const was = {
    address: "help@desk.example",
    incoming: { ...server, folder: "INBOX" },
    outgoing: { ...server, port: 25, security: "none", sign_in: null, user: null },
    signed_replies: true,
    active: true,
  };
  const input = mailboxInput(mailboxValues(was));
  expect(input.incoming).toEqual({
    host: "mail.desk.example",
    port: 993,
    security: "tls",
    user: "help",
    folder: "INBOX",
  });
  expect(input.outgoing).toEqual({ host: "mail.desk.example", port: 25, security: "none" });
  expect(mailboxInput({ ...mailboxValues(was), sends: false }).outgoing).toBeNull();
});
