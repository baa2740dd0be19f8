import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults, hasChromium, startBrowser, type PageOptions, type TestBrowser } from "../support/browser.ts";
import { until } from "../support/until.ts";
import { graceOver, openStage, pause, signalWorker, type Stage } from "./stage.ts";

// What a person on call does in front of the dashboard, in a real browser, of a real healer beside a real PM2.

const IDLE = { script: "idle.mjs" };
const PARTS = [
  { app: "shop", workers: { ...IDLE, instances: 2 }, strategy: { rules: [{ rule: "frozen", for: "3s" }], actions: ["restart"] } },
  {
    app: "doomed",
    workers: IDLE,
    strategy: {
      consecutive_failures_threshold: 1,
      rules: [{ rule: "tcp-probe", port: 1, every: "1s", failures: 3, startup: "3s" }],
      advanced: { circuit: { cool_down: 600, max: 1200 } },
    },
  },
];
const SEEN_MS = 30_000;
const FIGURES_MS = 21_000; // Node's are taken of a process 5 s after its start, and healer's list of PM2 is 15 s old at most

const mayRun = hasChromium || process.env["CI"] !== undefined; // the gate installs it, and is red without

describe.skipIf(!mayRun)("the dashboard (needs Debian's package chromium)", { timeout: 120_000 }, () => {
  let stage: Stage;
  let browser: TestBrowser;
  let url = "";

  beforeAll(async () => {
    stage = await openStage(PARTS, { top: { api: { host: "127.0.0.1", port: 0 } } });
    browser = await startBrowser();
    const { json } = await stage.healer.call("GET", "/api/status");
    url = (json as { readonly url: string }).url;
  }, 60_000);
  afterAll(async () => {
    await browser?.dispose();
    await stage?.dispose();
  }, 60_000);

  const open = (path = "overview", options: PageOptions = {}) => browser.open(`${url}/#/${path}`, options);
  const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: SEEN_MS });
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
  const inDialog = (page: Page) => page.locator("dialog[open]");

  test("shows a fault while it is healed, and the record of it, without being asked again", async () => {
    await graceOver(stage, "shop");
    const { page, said } = await open();
    await sees(page, "shop:0");
    const card = page.locator("article", { hasText: "shop:0" });
    await card.getByText("2 of 2 online").waitFor();
    const [row] = await stage.rows("shop");
    await pause(Math.max(0, FIGURES_MS - (Date.now() - (row?.startedWallMs ?? 0))));
    await signalWorker(stage, "shop", "SIGSTOP");
    await card.getByRole("img", { name: "healer is at work on it" }).first().waitFor({ timeout: SEEN_MS });
    await sees(page, /watching whether it helped/);
    await page.getByRole("link", { name: "Heal log" }).click();
    await sees(page, /^restart of shop:0 done/);
    await sees(page, /recovered:/);
    expect(said).toEqual([]);
  });

  test("explains a target live: every rule and every guard, and what was seen before the restart", async () => {
    const { page, said } = await open("target/shop%3A0");
    await sees(page, "What would change that:");
    expect(await page.locator("table.rules").first().innerText()).toMatch(/frozen\s+fine/);
    await page.getByText(/guards? would let a heal pass/).click();
    await sees(page, "budget");
    await page.getByRole("button", { name: "more about heal intent of shop:0" }).click();
    await press(page, "Evidence before the restart");
    await page
      .getByLabel("Evidence of shop:0")
      .getByText(/^Node as PM2 had it at [\d:]+: heap [\d.]+ of [\d.]+ MiB/)
      .waitFor();
    await page.getByLabel(/Success rate and memory of shop:0/).waitFor({ timeout: SEEN_MS });
    expect(await page.locator("canvas").count()).toBeGreaterThan(0);
    expect(said).toEqual([]);
  });

  test("pauses and resumes a group with the token, and is refused without", async () => {
    const { page } = await open("target/shop");
    await press(page, "Pause");
    await inDialog(page).getByLabel(/^Why/).fill("deploy of the shop");
    await inDialog(page).getByRole("button", { name: "Pause" }).click();
    await inDialog(page)
      .getByRole("alert")
      .getByText(/needs Authorization/)
      .waitFor();
    expect(stage.linesOf("shop").some(({ event }) => event === "paused")).toBe(false);
    await inDialog(page)
      .getByLabel(/^Admin token/)
      .fill(readFileSync(join(stage.healer.home, "admin.token"), "utf8"));
    await inDialog(page).getByRole("button", { name: "Pause" }).click();
    await inDialog(page).getByText("✓").waitFor();
    await inDialog(page).getByRole("button", { name: "Done" }).click();
    const paused = await stage.waitFor("shop", ({ event }) => event === "paused", 5_000);
    expect(paused).toMatchObject({ by: "dashboard (api)" });
    expect(paused.reason).toContain("deploy of the shop");
    await press(page, "Resume");
    await inDialog(page).getByRole("button", { name: "Resume" }).click();
    await stage.waitFor("shop", ({ event }) => event === "resumed", 5_000);
  });

  test("shows an open circuit as what needs a person, and closes it with the token", async () => {
    await stage.waitFor("doomed", ({ event }) => event === "circuit_open", 90_000);
    const { page } = await open();
    await sees(page, "A person is needed");
    await page.getByRole("link", { name: /^Incidents/ }).click();
    await sees(page, /heals in a row did not help/);
    await press(page, "Close circuit");
    await inDialog(page)
      .getByLabel(/^Admin token/)
      .fill("forged");
    await inDialog(page).getByRole("button", { name: "Close circuit" }).click();
    await inDialog(page)
      .getByRole("alert")
      .getByText(/needs Authorization/)
      .waitFor();
    await inDialog(page)
      .getByLabel(/^Admin token/)
      .fill(readFileSync(join(stage.healer.home, "admin.token"), "utf8"));
    await inDialog(page).getByRole("button", { name: "Close circuit" }).click();
    await stage.waitFor("doomed", ({ event }) => event === "reset", 5_000);
    await sees(page, "Nothing stands open");
  });

  const PAGES = ["overview", "timeline", "incidents", "log", "configuration", "target/shop%3A0"];
  // Colours are searched once in each scheme; what is wrong with a page's words is wrong with them in both.
  const LOOKS = [
    { width: 1440, colorScheme: "light", searched: PAGES },
    { width: 390, colorScheme: "dark", searched: ["overview", "target/shop%3A0"] },
    { width: 2560, colorScheme: "dark", searched: [] as readonly string[] },
  ] as const;
  test.each(LOOKS)("is accessible and fits, $width px wide, $colorScheme", async ({ searched, ...look }) => {
    for (const path of PAGES) {
      const { page, said } = await open(path, look);
      await sees(page, /^healer 0\./);
      await page.locator("main h1").first().waitFor({ state: "attached" });
      const faults = searched.some((each) => each === path) ? await accessibilityFaults(page) : [];
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      expect({ path, faults, said, wide }).toEqual({ path, faults: [], said: [], wide: look.width });
      await page.context().close();
    }
  });

  test("can be used with the keyboard alone", async () => {
    const { page } = await open("target/shop");
    await sees(page, "What would change that:");
    await page.getByRole("button", { name: "Heal now" }).focus();
    await page.keyboard.press("Enter");
    await inDialog(page).waitFor();
    await page.keyboard.press("Escape");
    await until(async () => (await inDialog(page).count()) === 0, "the dialog to close");
    await page.reload();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("To the content");
  });

  test("says how old it is when healer is gone, and is live again when it is back", async () => {
    const { page } = await open();
    await sees(page, /^● live$/);
    const { port } = new URL(url);
    stage.healer.configure(stage.yaml.replace("port: 0", `port: ${port}`));
    await stage.healer.kill();
    await sees(page, /connection lost, last seen \d+ s ago/);
    await stage.healer.start();
    await sees(page, /^● live$/);
    const again = await open("log");
    const verdict = again.page.locator(".log li").filter({ hasText: "heal verdict" });
    await verdict.first().waitFor({ timeout: SEEN_MS }); // of before: the daemon has read it again
  });
});
