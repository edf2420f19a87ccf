// Lets Lighthouse look at screens as somebody who is signed in, and says its scores and what costs most.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { browserPath } from "../screenshots/browser.js";
import { ASKED, readAsked } from "./asked.js";

/** The last Lighthouse that runs on every Node that builds the client. It comes from npm when it is asked for. */
const LIGHTHOUSE = "lighthouse@12.8.2";

const HELP = `Lets Lighthouse look at screens as somebody who is signed in, and says its scores and what costs most.

npm run lighthouse -- [options]

${ASKED}
  --paths LIST         at these screens, separated by commas (/inbox,/sign-in)
  --keep DIR           keep the reports in this folder

It fails when a score is below the goal: performance 95, accessibility 100, best practices 100.`;

const GOALS = { performance: 95, accessibility: 100, "best-practices": 100 };

const asked = readAsked(HELP, { paths: { type: "string", default: "/inbox,/sign-in" }, keep: { type: "string" } });

const folder = mkdtempSync(join(tmpdir(), "mainstay-lighthouse-"));

/** The cookie of a session. */
async function cookie() {
  const answer = await fetch(`${asked.url}/api/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-requested-with": "mainstay" },
    body: JSON.stringify({ email: asked.email, password: asked.password }),
  });
  if (!answer.ok) throw new Error(`${asked.email} cannot sign in: ${answer.status} ${await answer.text()}`);
  return answer.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
}

/** The report on a screen. */
function look(path, headers) {
  const file = join(asked.keep ? resolve(process.env.INIT_CWD ?? ".", asked.keep) : folder, `${path.replaceAll("/", "")}.json`);
  const withHeaders = join(folder, "headers.json");
  writeFileSync(withHeaders, JSON.stringify(headers));
  const flags = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--lang=en"];
  const ran = spawnSync(
    "npm",
    [
      "exec", "--yes", `--package=${LIGHTHOUSE}`, "--", "lighthouse", asked.url + path,
      "--preset=desktop", "--output=json", `--output-path=${file}`, "--quiet",
      `--only-categories=${Object.keys(GOALS).join(",")}`,
      `--extra-headers=${withHeaders}`, `--chrome-flags=${flags.join(" ")}`,
    ],
    { env: { ...process.env, CHROME_PATH: browserPath() }, encoding: "utf8" },
  );
  if (ran.status !== 0) throw new Error(`Lighthouse failed on ${path}:\n${ran.stdout}${ran.stderr}`);
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The scores, the times they come from, and what was found. */
function tell({ categories, audits, runtimeError }) {
  if (runtimeError) throw new Error(runtimeError.message);
  const metrics = ["first-contentful-paint", "largest-contentful-paint", "speed-index", "total-blocking-time", "cumulative-layout-shift"];
  return {
    scores: Object.fromEntries(Object.keys(GOALS).map((name) => [name, Math.round(categories[name].score * 100)])),
    times: Object.fromEntries(metrics.map((name) => [name, audits[name].displayValue])),
    found: Object.values(audits)
      .filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== "informative")
      .map(({ id, displayValue }) => (displayValue ? `${id}: ${displayValue}` : id)),
  };
}

try {
  const signedIn = { cookie: await cookie() };
  for (const path of asked.paths.split(",")) {
    const told = tell(look(path, path === "/sign-in" ? {} : signedIn));
    console.log(asked.json ? JSON.stringify({ path, ...told }) : path, asked.json ? "" : told);
    if (Object.entries(GOALS).some(([name, goal]) => told.scores[name] < goal)) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
