import { QueryClient } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { listen, useLiveness } from "./live";

const sources = vi.hoisted(() => ({ made: 0, close: vi.fn(), told: {} as Record<string, () => void> }));

vi.mock("eventsource-client", () => ({
  createEventSource: (told: Record<string, () => void>) => {
    sources.told = told;
    sources.made += 1;
    return { close: sources.close };
  },
}));

test("a browser that lost its connection says so, and takes up again when it has one", () => {
  const queries = new QueryClient();
  const read = vi.spyOn(queries, "invalidateQueries");
  const stop = listen(queries);
  const { result } = renderHook(() => useLiveness());
  act(() => sources.told.onConnect?.());
  expect(result.current).toBe("live");
  act(() => void window.dispatchEvent(new Event("offline")));
  expect([result.current, sources.made]).toEqual(["stale", 1]);
  act(() => void window.dispatchEvent(new Event("online")));
  expect([sources.made, sources.close.mock.calls.length, read.mock.calls.length]).toEqual([2, 1, 1]);
  act(() => sources.told.onConnect?.());
  expect(result.current).toBe("live");
  act(stop);
  window.dispatchEvent(new Event("online"));
  expect(sources.made).toBe(2);
});
