import { afterEach, expect, test, vi } from "vitest";
import { keepPlace, keptPlace, placeHere, placeOfCustomer } from "./place";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

test("only a path of this site is a place", () => {
  expect(placeHere("/tickets/1?tab=x")).toBe("/tickets/1?tab=x");
  for (const elsewhere of ["https://thief.example", "//thief.example", "/\\thief.example", 7, undefined]) {
    expect(placeHere(elsewhere)).toBeUndefined();
  }
});

test("a place is kept as long as the link serves", () => {
  vi.useFakeTimers();
  expect(keptPlace()).toBeUndefined();
  keepPlace("/tickets/1");
  vi.advanceTimersByTime(29 * 60_000);
  expect(keptPlace()).toBe("/tickets/1");
  vi.advanceTimersByTime(60_000);
  expect(keptPlace()).toBeUndefined();
  keepPlace("/tickets/1");
  keepPlace(undefined);
  expect(keptPlace()).toBeUndefined();
  localStorage.setItem("mainstay-place", "nonsense");
  expect(keptPlace()).toBeUndefined();
});

test("a customer is led to their own view of a ticket", () => {
  expect(placeOfCustomer("/tickets/17")).toBe("/portal/requests/17");
  expect(placeOfCustomer("/tickets/new")).toBe("/portal/new");
  expect(placeOfCustomer("/inbox")).toBe("/portal");
});
