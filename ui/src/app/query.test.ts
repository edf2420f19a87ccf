import { onlineManager } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { makeQueryClient } from "./query";

afterEach(() => onlineManager.setOnline(true));

test("without a connection a change fails at once and is not made later", async () => {
  const onFailure = vi.fn();
  const queries = makeQueryClient(onFailure);
  queries.mount();
  const lost = new Error("lost");
  const ask = vi.fn(() => Promise.reject(lost));
  onlineManager.setOnline(false);
  const change = queries.getMutationCache().build(queries, { mutationFn: ask });
  await expect(change.execute(undefined)).rejects.toBe(lost);
  expect(onFailure).toHaveBeenCalledWith(lost);
  onlineManager.setOnline(true);
  await queries.resumePausedMutations();
  expect(ask).toHaveBeenCalledTimes(1);
  queries.unmount();
});

test("without a connection a screen is told that it cannot be read", async () => {
  const queries = makeQueryClient(() => undefined);
  onlineManager.setOnline(false);
  const lost = new Error("lost");
  await expect(queries.fetchQuery({ queryKey: ["x"], queryFn: () => Promise.reject(lost) })).rejects.toBe(lost);
});
