// The one way to the service: typed by its own OpenAPI document, with failures as `ApiProblem`.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.gen";
import { sayFault, sayRefusal } from "./words";

export type Schemas = components["schemas"];

/** Why the service refused, as an RFC 9457 problem document says it, in the reader's language as far as there are words for it. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly type: string;
  /** What is wrong with the input, one entry a fault. */
  readonly faults: Schemas["InputError"][];

  constructor(document: Schemas["Problem"]) {
    const faults = (document.errors ?? []).map((fault) => ({ ...fault, detail: sayFault(fault.detail) }));
    const kind = document.type.split("/").at(-1) ?? "";
    // What is wrong is said by fault, without the names that the fields have for programs.
    const told = faults.length > 0 && document.status === 422 ? faults : undefined;
    super(
      told
        ? [...new Set(told.map(({ detail }) => sayRefusal("", detail)))].join(" ")
        : sayRefusal(kind, document.detail || document.title),
    );
    this.name = "ApiProblem";
    this.status = document.status;
    this.title = document.title;
    this.type = document.type;
    this.faults = faults;
  }
}

/** The service could not be reached, or what answered was not the service. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super(sayRefusal("unreachable", "The service cannot be reached."), { cause });
    this.name = "Unreachable";
  }
}

async function problemOf(response: Response): Promise<Error> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("json")) return new Unreachable(`${response.status} ${response.statusText}`);
  return new ApiProblem(await response.json());
}

const failures: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    return error instanceof ApiProblem ? error : new Unreachable(error);
  },
};

/** The typed client. Every call resolves to data or throws `ApiProblem` or `Unreachable`. */
export const api = createClient<paths>({
  baseUrl: "/",
  credentials: "same-origin",
  // What another site makes a browser send cannot carry a header of its own.
  headers: { "x-requested-with": "mainstay" },
});
api.use(failures);

/** Unwraps an answer whose failures were thrown already. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** The header by which a change says which version it was made on, so that two saves never overwrite one another. */
export function onVersion(version: number | string): { "if-match": string } {
  return { "if-match": `"${version}"` };
}

/** A key by which a request that is sent again is not done twice. */
export function onceKey(): { "idempotency-key": string } {
  return { "idempotency-key": crypto.randomUUID() };
}
