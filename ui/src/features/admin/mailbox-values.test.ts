import { expect, test } from "vitest";
import { addressed, guessed, mailboxInput, mailboxValues, provided } from "./mailbox-values";

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

test("what is guessed follows the address while it is typed, and what was said stays", () => {
  const typed = ["h", "help@desk", "help@desk.example"].reduce(addressed, mailboxValues());
  expect([typed.incoming.host, typed.outgoing.host]).toEqual(["imap.desk.example", "smtp.desk.example"]);
  expect(typed.incoming.user).toBe("help@desk.example");
  const said = { ...typed, incoming: { ...typed.incoming, host: "mail.desk.example", user: "help" } };
  const moved = addressed(said, "help@shop.example");
  expect([moved.incoming.host, moved.incoming.user]).toEqual(["mail.desk.example", "help"]);
  expect([moved.outgoing.host, moved.outgoing.user]).toEqual(["smtp.shop.example", "help@shop.example"]);
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
