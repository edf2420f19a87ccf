// Starts the program that is looked at, and ends it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** When the demonstration stands still: a Monday, in the middle of the day on both sides of the Atlantic. */
export const AT = "2026-03-02T14:30:00Z";

/** The program: what `MAINSTAY_BIN` names, or what was built last as a release or for debugging. */
function binary() {
  const places = [process.env.MAINSTAY_BIN, join(root, "target/release/mainstay"), join(root, "target/debug/mainstay")];
  const found = places.find((place) => place && existsSync(place));
  if (found) return found;
  throw new Error("mainstay is not built: run `cargo build --release`, or name the program in MAINSTAY_BIN");
}

/** A port that nobody listens at. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts the program and waits for the first line that says something of what it says. */
async function start([command, ...args], isReady) {
  const port = await freePort();
  // By this name browsers make passkeys; they do not for a bare address.
  const url = `http://localhost:${port}`;
  const child = spawn(binary(), [command, "--listen", `127.0.0.1:${port}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MAINSTAY_HTTP_PUBLIC_URL: url },
  });
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
  return { url, found: await ready, stop: () => child.kill("SIGTERM") };
}

/** A whole company at one instant of its day: the address, the token and the sign-ins. */
export async function startDemo() {
  const { url, found, stop } = await start(
    ["demo", "--at", AT, "--speed", "0", "--json"],
    (line) => line.startsWith("{") && line.includes('"token"') && JSON.parse(line),
  );
  return { ...found, url, stop };
}

/** A store with nothing in it, which leads through the set-up: the address, and the key that opens it. */
export async function startEmpty() {
  const data = mkdtempSync(join(tmpdir(), "mainstay-screenshots-"));
  const { url, found, stop } = await start(["serve", "--data", data], (line) => line.match(/\/set-up#([\w-]+)/)?.[1]);
  const end = () => {
    stop();
    rmSync(data, { recursive: true, force: true });
  };
  return { url, key: found, stop: end };
}
