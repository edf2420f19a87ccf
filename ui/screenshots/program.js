// Starts the program that is looked at, and ends it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** When the demonstration stands still: a Monday, in the middle of the day on both sides of the Atlantic. */
const AT = "2026-03-02T14:30:00Z";

/** The program: what `MAINSTAY_BIN` names, or what was built last as a release or for debugging. */
function binary() {
  const places = [process.env.MAINSTAY_BIN, join(root, "target/release/mainstay"), join(root, "target/debug/mainstay")];
  const found = places.find((place) => place && existsSync(place));
  if (found) return found;
  throw new Error("mainstay is not built: run `cargo build --release`, or name the program in MAINSTAY_BIN");
}

/** Starts the program and waits for the first line that says something of what it says. */
async function start(args, isReady) {
  const child = spawn(binary(), args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const found = isReady(line);
        if (found) resolve(found);
      });
    }
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`mainstay ended with ${code}:\n${said.slice(-20).join("\n")}`)));
  });
  return { found: await ready, stop: () => child.kill("SIGTERM") };
}

/** A whole company at one instant of its day: the address, the token and the sign-ins. */
export async function startDemo() {
  const { found, stop } = await start(
    ["demo", "--listen", "127.0.0.1:0", "--at", AT, "--speed", "0", "--json"],
    (line) => line.startsWith("{") && line.includes('"token"') && JSON.parse(line),
  );
  return { ...found, stop };
}

/** A store with nothing in it, which leads through the set-up: the address, and the key that opens it. */
export async function startEmpty() {
  const data = mkdtempSync(join(tmpdir(), "mainstay-screenshots-"));
  let url;
  const { found, stop } = await start(["serve", "--listen", "127.0.0.1:0", "--data", data], (line) => {
    url ??= line.match(/serving at (http:\S+)/)?.[1];
    return line.match(/\/set-up#([\w-]+)/)?.[1];
  });
  const end = () => {
    stop();
    rmSync(data, { recursive: true, force: true });
  };
  return { url, key: found, stop: end };
}
