import { expect, test } from "vitest";
import { turnsOf } from "./effect";
import type { Clock } from "./queries";

const clock = (commitment: string, cycle: number, state: string) => ({ commitment, cycle, state }) as Clock;

test("of cycles that are over only the last is shown", () => {
  const met = [1, 2, 3].map((cycle) => clock("update", cycle, "met"));
  const running = clock("update", 4, "running");
  const shown = (before: Clock[], after: Clock[]) =>
    turnsOf(before, after).map(({ name, cycle }) => `${name} ${cycle}`);
  expect(shown([...met, running], [...met, clock("update", 4, "cancelled")])).toEqual(["update 4"]);
  expect(shown([], met)).toEqual(["update 3"]);
  expect(shown(met, [clock("update", 1, "missed"), ...met.slice(1)])).toEqual(["update 1", "update 3"]);
});
