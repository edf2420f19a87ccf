import { expect, test } from "vitest";
import { groupsOf } from "./groups";

const now = new Date(2026, 2, 28, 22, 30).getTime();
const local = (day: number, hour: number) => new Date(2026, 2, day, hour).toISOString();

test.each([
  [local(28, 22), "late"],
  [local(28, 23), "today"],
  [local(29, 0), "tomorrow"],
  [local(29, 23), "tomorrow"],
  [local(30, 0), "later"],
])("what is due at %s is %s", (at, group) => {
  const groups = groupsOf([{ next_due: { at, commitment: "update" } }], now);
  expect(Object.entries(groups).filter(([, held]) => held.length > 0)).toMatchObject([[group, [{}]]]);
});

test("what no clock runs on is waiting", () => {
  expect(groupsOf([{ next_due: null }], now).waiting).toHaveLength(1);
});
