// Shows the states in which a screen has nothing to show, by answering in the service's place.

/** What every screen needs before there is anything of it: who one is, what time it is, how the company looks. */
const FRAME = /^\/api\/v1\/(sessions\/current|time|portal|set-up|events)$/;

const problem = (status, title) => ({
  status,
  contentType: "application/problem+json",
  json: { type: "about:blank", title, status, detail: title },
});

/** The lists of an answer without what is in them; what is not a list stays. */
function emptied(answer) {
  if (Array.isArray(answer)) return [];
  if (Array.isArray(answer?.items)) return { ...answer, items: [], next: null };
  return answer;
}

/** How each state answers what a screen asks for. */
export const STATES = {
  loading: () => undefined,
  empty: async (route) => {
    const response = await route.fetch();
    const isJson = response.headers()["content-type"]?.startsWith("application/json");
    return route.fulfill(isJson ? { response, json: emptied(await response.json()) } : { response });
  },
  failing: (route) => route.fulfill(problem(500, "Internal error")),
  forbidden: (route) => route.fulfill(problem(403, "Forbidden")),
};

/** Puts every screen that is opened from now on into a state. */
export async function showState(context, name) {
  const answer = STATES[name];
  if (!answer) throw new Error(`no state ${name}: it is one of ${Object.keys(STATES).join(", ")}`);
  await context.route(
    (url) => url.pathname.startsWith("/api/") && !FRAME.test(url.pathname),
    (route) => (route.request().method() === "GET" ? answer(route) : route.fallback()),
  );
}
