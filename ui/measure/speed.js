// Measures in Chromium what people wait for: opening screens and tickets, typing an answer, scrolling a long inbox.
import { chromium } from "playwright-core";
import { browserPath, signIn } from "../screenshots/browser.js";
import { ASKED, quantile, readAsked } from "./asked.js";

const HELP = `Measures in Chromium what people wait for: opening screens and tickets, typing an answer, scrolling a long inbox.

npm run speed -- [options]

${ASKED}
  --only WORDS         only these, separated by commas: screens, ticket, typing, scrolling
  --slower FACTOR      with a processor so many times as slow (1)
  --rows COUNT         scroll a list of so many rows (50000)

Times are in milliseconds. The processor's time is that of the page's main thread, which other work on the machine does not change
much; all else is time on the wall.`;

const asked = readAsked(HELP, {
  only: { type: "string" },
  slower: { type: "string", default: "1" },
  rows: { type: "string", default: "50000" },
});

/** Each screen, and what is there when it can be read. */
const SCREENS = [
  ["inbox", "/inbox", "main li[aria-posinset]"],
  ["my day", "/my-day", "main section h2, main [class*=mantine-Title]"],
  ["board", "/board", "main section[data-column] h2"],
  ["escalations", "/escalations", "main h1"],
  ["accounts", "/accounts", "main tbody tr, main li"],
  ["search", "/search?q=sign", "main li"],
  ["teams", "/teams", "main section, main table"],
];

const round = (value) => Math.round(value * 10) / 10;

const summary = (values) => ({
  median: round(quantile(values, 0.5)),
  p95: round(quantile(values, 0.95)),
  worst: round(Math.max(...values)),
});

/** How much of the processor's time the main thread has used, in milliseconds. */
async function meter(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
  };
}

async function open(browser, state) {
  const context = await browser.newContext({ storageState: state, viewport: { width: 1440, height: 900 }, locale: "en" });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: Number(asked.slower) });
  return page;
}

/** From the address to the content, with the client in the browser's cache as for somebody who comes back. */
async function screens(page) {
  const told = {};
  await page.goto(`${asked.url}/inbox`);
  await page.locator(SCREENS[0][2]).first().waitFor();
  for (const [name, path, content] of SCREENS) {
    const times = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const began = Date.now();
      await page.goto(asked.url + path, { waitUntil: "commit" });
      const isThere = await page.locator(content).first().waitFor({ timeout: 15_000 }).then(
        () => true,
        () => false,
      );
      if (isThere) times.push(Date.now() - began);
    }
    told[name] = times.length > 0 ? summary(times) : "no content";
  }
  return told;
}

/** From the press of the button on a row to the first picture with the conversation in it. */
async function ticket(page) {
  await page.goto(`${asked.url}/inbox`);
  await page.evaluate(() => {
    document.addEventListener(
      "click",
      ({ timeStamp }) => {
        const look = () => {
          if (document.querySelector("main article article")) {
            requestAnimationFrame(() => setTimeout(() => { window.opened = performance.now() - timeStamp; }));
          } else requestAnimationFrame(look);
        };
        window.opened = undefined;
        requestAnimationFrame(look);
      },
      true,
    );
  });
  const rows = page.locator("main li[aria-posinset]");
  await rows.first().waitFor();
  const used = await meter(page);
  const times = [];
  const work = [];
  for (let at = 0; at < 10; at += 1) {
    const row = rows.nth(at);
    await row.hover();
    await page.waitForTimeout(300);
    const before = await used();
    await row.locator("a").click();
    await page.waitForFunction(() => window.opened !== undefined);
    times.push(await page.evaluate(() => window.opened));
    work.push((await used()) - before);
    await page.waitForTimeout(500);
    await page.goBack();
    await rows.first().waitFor();
    await page.waitForTimeout(300);
  }
  return { to_content: summary(times), processor: summary(work) };
}

/** What each letter costs, in an answer of some length; the longest frame is what a person feels. */
async function typing(page) {
  await page.goto(`${asked.url}/inbox`);
  await page.locator("main li[aria-posinset] a").first().click();
  const field = page.locator(".ProseMirror");
  await field.waitFor();
  await field.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.waitForTimeout(1500);
  await page.evaluate(() => {
    window.slow = [];
    window.frames = [];
    new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) if (/^key|input/.test(name)) window.slow.push(duration);
    }).observe({ type: "event", durationThreshold: 16 });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.frames.push(duration);
    }).observe({ type: "long-animation-frame" });
  });
  const used = await meter(page);
  const text = "We have found the cause and are mending it now, and write again within the hour. ".repeat(3);
  const before = await used();
  await page.keyboard.type(text, { delay: 50 });
  const processor = ((await used()) - before) / text.length;
  await page.waitForTimeout(1500);
  const { slow, frames } = await page.evaluate(() => ({ slow: window.slow, frames: window.frames }));
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.waitForTimeout(1500);
  return {
    letters: text.length,
    processor_for_a_letter: round(processor),
    longest_event: round(Math.max(0, ...slow)),
    frames_over_50: frames.filter((duration) => duration > 50).length,
    longest_frame: round(Math.max(0, ...frames)),
  };
}

/** Frames while a list of many rows is turned by the wheel. */
async function scrolling(page) {
  await page.goto(`${asked.url}/inbox`);
  const list = page.locator("main ul:has(> li[aria-posinset])");
  await list.locator("li").first().waitFor();
  const wanted = Number(asked.rows);
  const height = await list.locator("li").first().evaluate((row) => row.offsetHeight);
  let rows = 0;
  for (let quiet = 0; rows < wanted && quiet < 40; ) {
    await list.evaluate((ul) => {
      ul.parentElement.scrollTop = ul.parentElement.scrollHeight;
    });
    await page.waitForTimeout(150);
    const now = Math.round((await list.evaluate((ul) => ul.offsetHeight)) / height);
    quiet = now > rows ? 0 : quiet + 1;
    rows = now;
  }
  await page.waitForTimeout(2000);
  const used = await meter(page);
  const before = await used();
  const frames = await list.evaluate(
    (ul) =>
      new Promise((resolve) => {
        const box = ul.parentElement;
        const times = [];
        box.scrollTop = box.scrollHeight / 3;
        let last = performance.now();
        const end = last + 8000;
        const turn = (now) => {
          times.push(now - last);
          last = now;
          // Some three rows a frame, as a wheel that is turned briskly.
          box.scrollTop += 160;
          if (now < end) requestAnimationFrame(turn);
          else resolve(times.slice(2));
        };
        requestAnimationFrame(turn);
      }),
  );
  const processor = ((await used()) - before) / frames.length;
  return { rows, frame: summary(frames), processor_for_a_frame: round(processor) };
}

const browser = await chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox"] });
try {
  const state = await signIn(browser, asked.url, asked);
  const told = {};
  for (const [name, measure] of Object.entries({ screens, ticket, typing, scrolling })) {
    if (asked.only && !asked.only.split(",").includes(name)) continue;
    const page = await open(browser, state);
    told[name] = await measure(page);
    await page.context().close();
    if (!asked.json) console.log(name, told[name]);
  }
  if (asked.json) console.log(JSON.stringify(told));
} finally {
  await browser.close();
}
