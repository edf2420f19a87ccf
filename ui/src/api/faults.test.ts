import { expect, test } from "vitest";
import { ApiProblem } from "./client";
import { faultsByField } from "./faults";

test("a fault belongs to its outermost field", () => {
  const errors = [
    { pointer: "/addresses/0", detail: "is no address" },
    { pointer: "", detail: "the whole" },
    { parameter: "id", detail: "elsewhere" },
  ];
  const problem = new ApiProblem({ type: "invalid", title: "Invalid", status: 422, detail: "", errors } as never);
  expect(faultsByField(problem)).toEqual({ addresses: "Is no address." });
  expect(faultsByField(problem, { addresses: "address" })).toEqual({ address: "Is no address." });
  expect(faultsByField(new Error("other"))).toEqual({});
});
