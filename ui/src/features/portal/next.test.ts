import { expect, test } from "vitest";
import { nextOf } from "./next";

const NOW = Date.parse("2026-03-02T09:00:00Z");
const due = (at: string) => ({ at, commitment: "first_response" });

test.each([
  ["closed", due("2026-03-02T08:00:00Z"), "closed"],
  ["resolved", null, "solved"],
  ["pending_customer", due("2026-03-02T08:00:00Z"), "yours"],
  ["open", null, "waiting"],
  ["on_hold", null, "waiting"],
  ["new", due("2026-03-02T09:30:00Z"), "due"],
  ["open", due("2026-03-02T08:59:59Z"), "overdue"],
])("a request that is %s with %o is %s", (status_kind, next_due, next) =>
  expect(nextOf({ status_kind, next_due }, NOW)).toBe(next),
);
