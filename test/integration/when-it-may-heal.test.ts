import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { HealLine } from "../support/healer.ts";
import { graceOver, openStage, signalWorker, type Stage } from "./stage.ts";

// One worker that is frozen again and again, and a configuration that is edited beside it: a maintenance window, mode observe, mode
// heal, a shadow.

const APP = "timed";
const GRACE_MS = 4000;

/** A window that has just opened. */
function openNow(): object {
  const now = new Date();
  return { cron: `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`, for: "20m", tz: "UTC" };
}

describe("healer beside a real PM2, edited", { timeout: 150_000 }, () => {
  let stage: Stage;
  const strategy = { rules: [{ rule: "frozen", for: "1s" }], actions: ["restart"] };

  beforeAll(async () => {
    stage = await openStage([{ app: APP, workers: { script: "idle.mjs" }, strategy: { ...strategy, maintenance: [openNow()] } }]);
  }, 90_000);
  afterAll(async () => stage?.dispose(), 60_000);

  const waitFor = (what: string, matches: (line: HealLine) => boolean, since: number): Promise<HealLine> =>
    stage.healer.waitFor(matches, { since, what, deadlineMs: 40_000 });
  const edit = (change: object): number => {
    const since = stage.healer.lines().length;
    const yaml = parse(stage.yaml) as { strategies: [object] };
    stage.healer.configure(stringify({ ...yaml, strategies: [{ name: APP, match: { app: APP }, ...strategy, ...change }] }));
    return since;
  };
  const heals = (): number => stage.linesOf(APP).filter(({ event }) => event === "heal_intent").length;

  test("heals within no window, only records in mode observe and in a shadow, and begins with a grace period", async () => {
    await waitFor("the window", ({ event, target }) => event === "paused" && target === `strategy:${APP}`, 0);
    await graceOver(stage, APP, GRACE_MS);
    await signalWorker(stage, APP, "SIGSTOP");
    const held = await waitFor("the hold", ({ event, guard }) => event === "hold" && guard === "maintenance", 0);
    expect(held.reason).toMatch(
      /^maintenance window daily \d\d:\d\d–\d\d:\d\d UTC is open until \d{4}-\d\d-\d\d \d\d:\d\d UTC: symptoms are recorded/,
    );

    let since = edit({ mode: "observe" });
    await waitFor("the end of the window", ({ event, reason }) => event === "resumed" && reason.includes("closed before its time"), since);
    await waitFor("what it would do", ({ event }) => event === "would_heal", since);
    expect(heals()).toBe(0);

    since = edit({ mode: "heal" });
    const begun = await waitFor("the first time", ({ event, to }) => event === "mode_changed" && to === "heal", since);
    expect(begun).toMatchObject({ target: `strategy:${APP}`, workers: 1, suspects: [`${APP}:0`] });
    const intent = await waitFor("the heal", ({ event }) => event === "heal_intent", since);
    expect(Date.parse(intent.ts) - Date.parse(begun.ts)).toBeGreaterThanOrEqual(GRACE_MS - 50);
    await waitFor("its verdict", ({ event, verdict }) => event === "heal_verdict" && verdict === "recovered", since);

    since = edit({ shadow_for: "15s", max_heals_per_hour: 50 });
    await waitFor("the shadow", ({ event, to }) => event === "mode_changed" && to === "shadow", since);
    await graceOver(stage, APP, GRACE_MS);
    await signalWorker(stage, APP, "SIGSTOP");
    const would = await waitFor("what it would do in its shadow", ({ event }) => event === "would_heal", since);
    expect(would.reason).toContain("(shadow until ");
    await stage.healer.kill();
    await stage.healer.start();
    await waitFor(
      "the end of the shadow",
      ({ event, reason }) => event === "mode_changed" && reason.startsWith("the shadow is over"),
      since,
    );
    const last = await waitFor("the heal after it", ({ event }) => event === "heal_intent", since);
    const shadowMs = Date.parse(last.ts) - Date.parse(stage.healer.lines()[since]?.ts ?? "");
    expect(shadowMs).toBeGreaterThanOrEqual(15_000 + GRACE_MS - 100);
    expect(heals()).toBe(2);
  });
});
