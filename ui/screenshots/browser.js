// The browser that looks at the program, and signing in to it.
import { spawnSync } from "node:child_process";

/** The browser: what `CHROMIUM_BIN` names, or what is on the path. */
export function browserPath() {
  const names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
  const found = names.map((name) => spawnSync("which", [name], { encoding: "utf8" }).stdout?.trim()).find(Boolean);
  const path = process.env.CHROMIUM_BIN ?? found;
  if (path) return path;
  throw new Error("no browser was found: install Chromium, or name one in CHROMIUM_BIN");
}

/** Signs somebody in and gives the state of their browser. */
export async function signIn(browser, url, { email, password }) {
  const context = await browser.newContext();
  const answer = await context.request.post(`${url}/api/v1/sessions`, {
    data: { email, password },
    headers: { "x-requested-with": "mainstay" },
  });
  if (!answer.ok()) throw new Error(`${email} cannot sign in: ${answer.status()} ${await answer.text()}`);
  const state = await context.storageState();
  await context.close();
  return state;
}
