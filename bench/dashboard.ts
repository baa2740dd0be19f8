// What the dashboard costs whoever looks at it: bytes, time to the first meaningful paint with 200 workers, main thread of an
// update of 1,000. With `pictures` it writes docs/images/dashboard-*.png of an invented fleet instead.
//   npm run -s build && npx tsx bench/dashboard.ts [pictures|updates]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createApi } from "../src/api/api.ts";
import { readDashboard } from "../src/api/dashboard-files.ts";
import { servePort } from "../src/api/serve.ts";
import { systemFiles } from "../src/world/files/system-files.ts";
import { startBrowser, type TestBrowser } from "../test/support/browser.ts";
import { until } from "../test/support/until.ts";
import { inventedFleet } from "./dashboard-fleet.ts";

const ASSETS = join(import.meta.dirname, "../dist/dashboard/assets");
const IMAGES = join(import.meta.dirname, "../docs/images");
const ROUNDS = 7;
const UPDATES = 21;
const WARM_ROUNDS = 40; // a page on a wall has been open for longer than ten seconds
const TOKENS = { admin: "a".repeat(40), ingest: "i".repeat(40) };
const PICTURES = [
  { name: "overview", path: "overview", width: 1440, height: 900 },
  { name: "overview-dark", path: "overview", width: 1440, height: 900, colorScheme: "dark" },
  { name: "timeline", path: "timeline/llm-worker%3A1", width: 1440, height: 900 },
  { name: "target", path: "target/llm-worker%3A1", width: 1440, height: 1000 },
  { name: "incident", path: "incidents", width: 1440, height: 900 },
  { name: "phone", path: "overview", width: 390, height: 844, colorScheme: "dark" },
] as const;

const median = (numbers: readonly number[]): number => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;

async function serve(fleet: ReturnType<typeof inventedFleet>) {
  const access = { via: "port", tokens: TOKENS, host: "127.0.0.1" } as const;
  const api = createApi(fleet.plane, { access, dashboard: readDashboard(systemFiles()) });
  const served = await servePort(api, { host: "127.0.0.1", port: 0 });
  if (!served.ok) throw new Error(served.error);
  return { url: `http://127.0.0.1:${served.value.port}`, close: () => served.value.close() };
}

function sizes(): void {
  const files = readdirSync(ASSETS).filter((name) => name.endsWith(".js"));
  for (const name of files)
    console.log(`${name}: ${(gzipSync(readFileSync(join(ASSETS, name)), { level: 9 }).length / 1024).toFixed(1)} KB gzipped`);
}

async function firstPaint(browser: TestBrowser): Promise<void> {
  const server = await serve(inventedFleet({ workers: 200 }));
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page } = await browser.open("about:blank");
    await page.addInitScript(`new MutationObserver((_, observer) => {
      if (document.querySelector("tbody tr") === null) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));
    }).observe(document, { childList: true, subtree: true })`);
    await page.goto(`${server.url}/`);
    await until(() => page.evaluate<boolean>("window.painted > 0"), "the first paint");
    took.push(await page.evaluate<number>("window.painted"));
    await page.context().close();
  }
  await server.close();
  console.log(
    `first meaningful paint, 200 workers (rows of workers on the screen): median ${Math.round(median(took))} ms of ${took.map(Math.round).join(", ")}`,
  );
}

async function update(browser: TestBrowser, isOpen: boolean): Promise<void> {
  const fleet = inventedFleet({ workers: 1_000 });
  const server = await serve(fleet);
  const { page } = await browser.open(server.url);
  await page.locator("tbody tr").first().waitFor();
  if (isOpen) await page.evaluate("for (const button of document.querySelectorAll('button.more')) button.click()");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" }); // of its own CPU time: other programs do not count
  const busyMs = async (): Promise<Record<string, number>> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value * 1000]));
  };
  for (let round = 0; round < WARM_ROUNDS; round += 1) {
    fleet.changeAll();
    await page.waitForTimeout(300);
  }
  const took: number[] = [];
  const parts: string[] = [];
  for (let round = 0; round < UPDATES; round += 1) {
    await page.waitForTimeout(350);
    const before = await busyMs();
    fleet.changeAll();
    await page.waitForTimeout(350);
    const after = await busyMs();
    const spent = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
    took.push(spent("TaskDuration"));
    parts.push(
      `script ${spent("ScriptDuration").toFixed(1)}, style ${spent("RecalcStyleDuration").toFixed(1)}, layout ${spent("LayoutDuration").toFixed(1)}`,
    );
  }
  await server.close();
  await page.context().close();
  const where = isOpen ? "all 1,000 rows shown" : "as it opens";
  console.log(
    `update of 1,000 workers, each with a new memory and rate, ${where}: median ${median(took).toFixed(1)} ms of ${took.map((ms) => ms.toFixed(1)).join(", ")} (all of the main thread in 350 ms; of the last: ${parts.at(-1) ?? ""})`,
  );
}

async function pictures(browser: TestBrowser): Promise<void> {
  const server = await serve(inventedFleet({ workers: 9 }));
  for (const { name, path, width, height, ...look } of PICTURES) {
    const { page } = await browser.open(`${server.url}/#/${path}`, { width, height, ...look });
    await page.locator("main h1").first().waitFor({ state: "attached" });
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: join(IMAGES, `dashboard-${name}.png`) });
    await page.context().close();
  }
  await server.close();
}

const browser = await startBrowser();
try {
  if (process.argv[2] === "pictures") await pictures(browser);
  else {
    if (process.argv[2] !== "updates") {
      sizes();
      await firstPaint(browser);
    }
    await update(browser, false);
    await update(browser, true);
  }
} finally {
  await browser.dispose();
}
