import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { readDashboard } from "../../src/api/dashboard-files.ts";
import { servePort } from "../../src/api/serve.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { TOKENS } from "../support/attacked-port.ts";
import { startBrowser, type TestBrowser } from "../support/browser.ts";
import { daemonStatus, explanation, FakeControlPlane, targetStatus } from "../support/fake-control-plane.ts";
import { sealedRecord } from "../support/log-records.ts";

// Names and lines that watched programs choose, in a real browser: shown as text, and nothing of them runs.

const IMAGE = "<img src=x onerror=alert(1)>";
const SCRIPT = "<script>alert(2)</script>";
const DIRECTION = "rpa\u202egnp.exe";

function hostileFleet(): FakeControlPlane {
  const plane = new FakeControlPlane();
  const words = { state: SCRIPT, symptom: SCRIPT, waits_for: IMAGE, strategy: IMAGE };
  plane.current = daemonStatus({
    last_turn_at: new Date().toISOString(),
    targets: [
      targetStatus({ id: IMAGE, kind: "group", ...words, pid: null, pm_id: null }),
      targetStatus({ id: `${IMAGE}:0`, ...words, phase: "suspect" }),
      targetStatus({ id: `${DIRECTION}:0`, ...words, phase: SCRIPT, paused: IMAGE }),
    ],
    blind: [{ sensor: IMAGE, target: SCRIPT, reason: SCRIPT, for_ms: 1 }],
    needs_person: [`${IMAGE}: ${SCRIPT}`],
  });
  plane.explanations.set(
    `${IMAGE}:0`,
    explanation({ target: `${IMAGE}:0`, reason: SCRIPT, flip: IMAGE, state: SCRIPT, duplicates: [IMAGE] }),
  );
  const ts = new Date().toISOString();
  plane.records = [sealedRecord({ ts, event: "hold", target: `${IMAGE}:0`, reason: SCRIPT, more: { guard: IMAGE } })];
  return plane;
}

describe("the dashboard", () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.dispose());

  async function serve(): Promise<string> {
    const access = { via: "port", tokens: TOKENS, host: "127.0.0.1" } as const;
    const api = createApi(hostileFleet(), { access, dashboard: readDashboard(systemFiles()) });
    const served = await servePort(api, { host: "127.0.0.1", port: 0 });
    if (!served.ok) throw new Error(served.error);
    onTestFinished(() => served.value.close());
    return `http://127.0.0.1:${served.value.port}`;
  }

  test.each([
    ["overview", IMAGE],
    ["log", SCRIPT],
    [`target/${encodeURIComponent(`${IMAGE}:0`)}`, SCRIPT],
    [`timeline/${encodeURIComponent(`${IMAGE}:0`)}`, IMAGE],
    ["incidents", IMAGE],
    [`target/${encodeURIComponent(SCRIPT)}`, SCRIPT],
  ])("shows hostile words as text at #/%s", async (path, text) => {
    const url = await serve();
    const { page, said } = await browser.open("about:blank");
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(`${url}/#/${path}`);
    await page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: 20_000 });
    expect(await page.locator("img[src=x], body script").count(), "what was only words is an element").toBe(0);
    expect(dialogs).toEqual([]);
    expect(
      said.filter((line) => !line.includes("404")),
      "complaints of the page",
    ).toEqual([]);
  });
});
