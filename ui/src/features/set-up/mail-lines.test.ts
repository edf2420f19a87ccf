import { expect, test } from "vitest";
import { mailLines } from "./mail-lines";

test("the lines hold what was said, and guesses for the rest", () => {
  const lines = mailLines({ address: " help@desk.example ", smtp: "", imap: "mail.desk.example" });
  expect(lines).toContain('from = "help@desk.example"');
  expect(lines).toContain('[smtp]\nhost = "smtp.desk.example"\nuser = "help@desk.example"');
  expect(lines).toContain('[[mail.mailboxes]]\nhost = "mail.desk.example"');
});

test("nothing that is said breaks out of its text", () => {
  expect(mailLines({ address: 'a"b@c', smtp: "x\ny", imap: "" })).toContain('host = "x\\ny"');
});
