import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

/** Debian's Chromium, without what it would ask the network for. */
const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export interface TestBrowser {
  /** `said`: what the page had to complain of; a page without fault says nothing. */
  open(url: string, options?: PageOptions): Promise<{ readonly page: Page; readonly said: readonly string[] }>;
  dispose(): Promise<void>;
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

export async function startBrowser(): Promise<TestBrowser> {
  const home = mkdtempSync(join(tmpdir(), "b-"));
  const env = { ...process.env, HOME: home } as Record<string, string>;
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" "), env });
  return {
    async open(url, { width = 1440, height = 900, colorScheme = "light" } = {}) {
      // axe is put into the page from outside; everything the page itself does stays under its policy.
      const context: BrowserContext = await browser.newContext({ viewport: { width, height }, colorScheme });
      const page = await context.newPage();
      const said: string[] = [];
      page.on("pageerror", (error) => said.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") said.push(message.text());
      });
      await page.goto(url);
      return { page, said };
    },
    async dispose() {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What WCAG 2.2 AA finds wrong with the page as it stands: a line each; none = clean. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const results = await page.evaluate<AxeResults, readonly string[]>(
    (values) =>
      (globalThis as unknown as { axe: { run(options: unknown): Promise<AxeResults> } }).axe.run({ runOnly: { type: "tag", values } }),
    tags,
  );
  return results.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}
