// Writes a picture of every screen, at each width, in light and in dark.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { browserPath, signIn } from "./browser.js";
import { startDemo, startEmpty } from "./program.js";
import { GUIDE, screens, setUpScreens, setUpSteps } from "./screens.js";
import { setStage, setUp } from "./stage.js";
import { showState } from "./states.js";
import { speaking } from "./words.js";

const HELP = `Writes a picture of every screen, at each width, in light and in dark.

npm run screenshots -- --out DIR [options]

  --out DIR        write the pictures into this folder, as NAME-WIDTH-SCHEME.png
  --guide          only those that the guide shows, wide and light, small enough to be kept beside it (WebP)
  --only WORDS     only the screens whose names begin with one of these words, separated by commas
  --widths LIST    at these widths in pixels (1440,1024,390)
  --schemes LIST   in these schemes (light,dark)
  --height PIXELS  as high as this, to see what is further down
  --language TAG   in this language: en, es or pt-BR (en)
  --density NAME   as close as somebody has chosen: comfortable or dense (comfortable)
  --state NAME     as it is while nothing has been answered yet (loading), when there is nothing (empty), when the service
                   fails (failing), or when one may not see it (forbidden)
  --client DIR     with the client that \`npm run build\` wrote there instead of the program's own

The program is found in MAINSTAY_BIN, target/release or target/debug; the browser in CHROMIUM_BIN or on the path.`;

const HEIGHTS = { 1440: 900, 1024: 768, 390: 844 };

const { values: asked } = parseArgs({
  options: {
    out: { type: "string" },
    only: { type: "string" },
    widths: { type: "string", default: "1440,1024,390" },
    schemes: { type: "string", default: "light,dark" },
    height: { type: "string" },
    language: { type: "string", default: "en" },
    density: { type: "string", default: "comfortable" },
    state: { type: "string" },
    client: { type: "string" },
    guide: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** A path as it was meant where the command was given: npm runs it in its own folder. */
const meant = (path) => resolve(process.env.INIT_CWD ?? ".", path);

/** Answers with the files of a folder whatever is not the service's. */
async function showClient(context, folder) {
  await context.route(
    (url) => !/^\/(api\/|readyz)/.test(url.pathname),
    (route) => {
      const path = join(folder, new URL(route.request().url()).pathname);
      return route.fulfill({ path: existsSync(path) && !path.endsWith("/") ? path : join(folder, "index.html") });
    },
  );
}

/** Waits until the page has read what it shows: nothing is asked for, nothing is loading, the letters are there. */
async function settle(page, underWay) {
  let quiet = 0;
  // What is held back never comes.
  const most = asked.state === "loading" ? 20 : 200;
  for (let turn = 0; turn < most && quiet < 6; turn += 1) {
    await page.waitForTimeout(50);
    const isLoading = await page.locator("[role=status][aria-label], .mantine-Skeleton-root").count();
    quiet = underWay.size === 0 && isLoading === 0 ? quiet + 1 : 0;
  }
  await page.evaluate(() => document.fonts.ready);
}

async function openPage(browser, service, { state, width, scheme }) {
  const context = await browser.newContext({
    storageState: state,
    viewport: { width, height: Number(asked.height ?? HEIGHTS[width] ?? 900) },
    colorScheme: scheme,
    reducedMotion: "reduce",
    locale: asked.language,
    timezoneId: "Europe/Madrid",
    hasTouch: width < 500,
  });
  await context.addInitScript((density) => {
    if (location.protocol.startsWith("http")) localStorage.setItem("mainstay-density", density);
  }, asked.density);
  if (asked.client) await showClient(context, meant(asked.client));
  if (asked.state) await showState(context, asked.state);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const underWay = new Set();
  page.on("request", (request) => !request.url().endsWith("/events") && underWay.add(request));
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => underWay.delete(request));
  page.on("pageerror", (error) => console.error(`  ${page.url()}: ${error.message}`));
  return { context, page, underWay, url: service.url };
}

/** Takes one picture. A screen on which nothing can be done as written is named, and the others are taken all the same. */
async function take({ page, underWay, url }, { name, path, act }, file) {
  try {
    await page.goto("about:blank");
    await page.goto(url + path);
    await settle(page, underWay);
    if (act) {
      await act(speaking(page, asked.language));
      await settle(page, underWay);
    }
  } catch (error) {
    console.error(`${name}: ${String(error).split("\n")[0]}`);
    process.exitCode = 1;
  }
  if (!asked.guide) return page.screenshot({ path: `${file}.png`, caret: "hide" });
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  writeFileSync(`${file}.webp`, data, "base64");
}

async function takeAll(browser, service, list) {
  const isAsked = (name) => !asked.only || asked.only.split(",").some((word) => name.startsWith(word));
  const chosen = list.filter(({ name }) => isAsked(name) && (!asked.guide || GUIDE.includes(name)));
  for (const who of new Set(chosen.map((screen) => screen.who))) {
    const user = service.users?.find(({ email }) => email.startsWith(`${who}@`));
    const state = user && (await signIn(browser, service.url, user));
    const looks = (asked.guide ? "1440" : asked.widths)
      .split(",")
      .flatMap((width) =>
        (asked.guide ? "light" : asked.schemes).split(",").map((scheme) => ({ state, width: Number(width), scheme })),
      );
    await Promise.all(
      looks.map(async (look) => {
        const opened = await openPage(browser, service, look);
        for (const screen of chosen.filter((each) => each.who === who)) {
          await take(opened, screen, join(meant(asked.out), `${screen.name}-${look.width}-${look.scheme}`));
        }
        await opened.context.close();
      }),
    );
  }
}

async function main() {
  if (asked.help || !asked.out) {
    console.log(HELP);
    process.exitCode = asked.help ? 0 : 2;
    return;
  }
  mkdirSync(meant(asked.out), { recursive: true });
  const browser = await chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox"] });
  const demo = await startDemo();
  const empty = await startEmpty();
  try {
    await takeAll(browser, demo, screens(await setStage(demo)));
    await takeAll(browser, empty, setUpScreens(empty.key));
    await takeAll(browser, { ...empty, users: [await setUp(empty)] }, setUpSteps());
  } finally {
    demo.stop();
    empty.stop();
    await browser.close();
  }
}

await main();
