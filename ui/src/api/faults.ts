// What is wrong with an input, by the field of the form that it stands in.
import { ApiProblem } from "./client";

/** The faults of a refused body, by the path to their field, as forms with inner fields name it. */
export function faultsByPath(error: unknown): Record<string, string> {
  if (!(error instanceof ApiProblem)) return {};
  return Object.fromEntries(
    error.faults.flatMap(({ pointer, detail }) => (pointer ? [[pointer.slice(1).replaceAll("/", "."), detail]] : [])),
  );
}

/** The faults of a refused body, by the name of their outermost field, or by what the form calls it. */
export function faultsByField(error: unknown, called: Record<string, string> = {}): Record<string, string> {
  if (!(error instanceof ApiProblem)) return {};
  return Object.fromEntries(
    error.faults.flatMap(({ pointer, detail }) => {
      const field = pointer?.split("/")[1];
      return field ? [[called[field] ?? field, detail]] : [];
    }),
  );
}
