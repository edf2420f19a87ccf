import { expect, test } from "vitest";
import { cursorOf, versioned } from "./listing";

test.each([
  ["/api/v1/agents?limit=1&cursor=AYs", "AYs"],
  ["/api/v1/agents?limit=1", undefined],
  [null, undefined],
  [undefined, undefined],
])("the cursor of %s is %s", (next, cursor) => {
  expect(cursorOf(next)).toBe(cursor);
});

test.each(['"17"', 'W/"17"'])("the version of the tag %s is 17", async (etag) => {
  const answer = Promise.resolve({ data: "it", response: new Response(null, { headers: { etag } }) });
  expect(await versioned(answer)).toEqual({ value: "it", version: "17" });
});
