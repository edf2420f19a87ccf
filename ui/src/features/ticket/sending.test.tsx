import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api, Unreachable } from "@/api/client";
import { useSending } from "./sending";

const written = { text: "Here is the log.", visibility: "public" as const, mentions: [] };
const files = ["f1", "f2"];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(api, "DELETE").mockResolvedValue({ response: new Response() } as never);
});
afterEach(() => vi.useRealTimers());

/** Sends a reply with files, and tells what came of it. */
async function sendWithFiles() {
  const queries = new QueryClient();
  const told = { onLeft: vi.fn(), onBack: vi.fn(), onSent: vi.fn() };
  const { result } = renderHook(() => useSending("t1", null, told), {
    wrapper: ({ children }: { children: ReactNode }) => (
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    ),
  });
  await act(async () => {
    await result.current.send.mutateAsync({ written, files });
  });
  return { result, ...told };
}

const wait = (seconds: number) => act(() => vi.advanceTimersByTimeAsync(seconds * 1000));

test("a reply that is held back keeps its files, and is not sent", async () => {
  const post = vi.spyOn(api, "POST");
  const { result, onBack, onSent } = await sendWithFiles();
  expect(result.current.outgoing?.text).toBe(written.text);
  await act(async () => {
    await result.current.holdBack.mutateAsync();
  });
  await wait(60);
  expect(result.current.outgoing).toBeUndefined();
  expect([onBack.mock.calls, onSent.mock.calls, post.mock.calls]).toEqual([[[written]], [], []]);
});

test("files are let go when the service has them, and what left cannot be held back any more", async () => {
  let answer: (value: never) => void = () => undefined;
  const post = vi.spyOn(api, "POST").mockReturnValue(new Promise((resolve) => (answer = resolve)) as never);
  const { result, onBack, onSent } = await sendWithFiles();
  await wait(10);
  expect(post).toHaveBeenCalledTimes(1);
  expect(result.current.outgoing?.text).toBe(written.text);
  await act(async () => {
    await result.current.holdBack.mutateAsync();
  });
  expect([onBack.mock.calls, onSent.mock.calls]).toEqual([[], []]);
  answer({ data: {} } as never);
  await wait(0);
  expect(result.current.outgoing).toBeUndefined();
  expect([onBack.mock.calls, onSent.mock.calls, post.mock.calls.length]).toEqual([[], [[files]], 1]);
});

test("a reply that could not be sent is a draft again, with its files and the reason", async () => {
  const refused = new Unreachable();
  vi.spyOn(api, "POST").mockRejectedValue(refused);
  const { result, onBack, onSent } = await sendWithFiles();
  await wait(10);
  expect(result.current.outgoing).toBeUndefined();
  expect([onBack.mock.calls, onSent.mock.calls]).toEqual([[[written, refused]], []]);
});

test("what was said is no draft again because its draft could not be forgotten", async () => {
  vi.spyOn(api, "POST").mockResolvedValue({ data: {} } as never);
  vi.spyOn(api, "DELETE").mockRejectedValue(new Unreachable());
  const { onBack, onSent } = await sendWithFiles();
  await wait(10);
  expect([onBack.mock.calls, onSent.mock.calls]).toEqual([[], [[files]]]);
});
