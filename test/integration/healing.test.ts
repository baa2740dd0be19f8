import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crashLoop, crashLoopParts } from "./scenarios/crash-loop.ts";
import { gpuTaken, gpuTakenPart, takeableGpu } from "./scenarios/gpu-taken.ts";
import { INCURABLE_GRACE_MS, incurablePart, incurableWorker } from "./scenarios/incurable.ts";
import { liveEdit, liveEditPart } from "./scenarios/live-edit.ts";
import { NONSENSE, nonsenseParts, nonsenseQueue } from "./scenarios/nonsense-queue.ts";
import { poisonPart, poisonTask } from "./scenarios/poison.ts";
import { failingGroup, oneFailingWorker, ratesPart, totalsPart } from "./scenarios/rates.ts";
import { slowStarter, slowStarterPart } from "./scenarios/slow-starter.ts";
import { standstill, standstillParts } from "./scenarios/standstill.ts";
import { upstreamOutage, upstreamPart } from "./scenarios/upstream-outage.ts";
import { openStage, type Stage } from "./stage.ts";

// One PM2 and one healer for all: the scenarios have nothing to do with each other, which is itself a promise. Figures are
// measured by bench/acceptance.ts, which plays the same scenarios longer.

const OUTAGE = { share: 30, outageMs: 40_000, healthyMs: 20_000 };
const RSS_GROWTH_BYTES_MAX = 60 * 1024 * 1024; // 200 MB of JSON that was read would show

describe.concurrent("healer beside a real PM2", { timeout: 170_000 }, () => {
  let stage: Stage;
  const gpu = takeableGpu();

  beforeAll(async () => {
    const parts = [
      ...[ratesPart, totalsPart, incurablePart, upstreamPart(OUTAGE.share), slowStarterPart, gpuTakenPart, poisonPart],
      ...[...crashLoopParts({ advanced: { backoff: { base: 8, max: 16 } } }), ...standstillParts, ...nonsenseParts],
    ];
    stage = await openStage(parts, { top: { gpu: gpu.settings } });
  }, 90_000);
  afterAll(async () => {
    gpu.dispose();
    await stage?.dispose();
  }, 60_000);

  test("restarts the one worker whose tasks fail, and no other, and says that it recovered", async () => {
    expect(await oneFailingWorker(stage)).toMatchObject({
      ...{ targets: ["rates:1"], healIds: 1, verdicts: ["recovered"], restarts: [0, 1, 0] },
    });
  });

  test("heals a group whose queue says only sums one after another, under one id and one verdict", async () => {
    expect(await failingGroup(stage)).toMatchObject({
      ...{ targets: ["totals"], healIds: 1, verdicts: ["recovered"], restarts: [1, 1, 1], actions: 3 },
    });
  });

  test("gives up after three heals that did not help, tries once more after the cool-down, and starts anew after a reset", async () => {
    const seen = await incurableWorker(stage);
    expect(seen).toMatchObject({
      ...{ ladder: ["restart", "stop-start", "stop-start"], verdicts: ["failed", "failed", "failed"], streakAtOpen: 3 },
      ...{ healsWhileOpen: 0, trials: 1, trialVerdict: "failed", circuitsOpened: 2, closedBy: "reset", healsAfterReset: 0 },
    });
    expect(seen.shortestGraceMs).toBeGreaterThan(INCURABLE_GRACE_MS);
  });

  test("restarts two workers at most when what all three depend on is away", async () => {
    const { restarts, ...seen } = await upstreamOutage(stage, OUTAGE);
    expect(seen).toMatchObject({ incidents: 1, circuitsOpened: 0, healsAfterwards: 0 });
    expect(restarts).toBeLessThanOrEqual(2);
  });

  test("stops a crash loop that PM2 would go on with, and brings the worker back when its cause is gone", async () => {
    const seen = await crashLoop(stage, { livesMs: 20_000, watchMs: 15_000 });
    expect(seen.restartsOfPm2Alone).toBeGreaterThan(20);
    expect(seen.restarts).toBeLessThanOrEqual(8);
    expect(seen).toMatchObject({ symptoms: 1, verdict: "recovered" });
  });

  test("tells a task that fails everywhere, and restarts nobody for it", async () => {
    const { failedPercent, ...seen } = await poisonTask(stage);
    expect(seen).toEqual({ told: 1, heals: 0 });
    expect(failedPercent).toBeGreaterThan(30);
  });

  test("leaves a worker alone whose GPU a stranger has filled, and names the stranger", async () => {
    const seen = await gpuTaken(stage, gpu);
    expect(seen).toMatchObject({ heals: 0, restarts: 0, held: { guard: "gpu" } });
    expect(seen.held.reason).toContain(`pid ${gpu.stranger} (sleep 3600, user `);
  });

  test("leaves a worker alone that takes ten seconds to start", async () => {
    expect(await slowStarter(stage)).toEqual({ healsWhileStarting: 0, restartsByOthers: 0, isHealthy: true });
  });

  test.each(["stopped", "blocked", "littering"] as const)("restarts a worker that is %s", async (app) => {
    expect(await standstill(stage, app)).toMatchObject({ rule: "frozen", newProcess: true, verdict: "recovered" });
  });

  test("restarts a worker whose probe answers 500", async () => {
    expect(await standstill(stage, "probed")).toMatchObject({ rule: "http-probe", newProcess: true, verdict: "recovered" });
  });

  test.each(NONSENSE)("is blind, and heals nobody, when the queue's server is %s", async (manner) => {
    const seen = await nonsenseQueue(stage, manner, 10_000);
    expect(seen).toMatchObject({ blindLines: 1, backAgain: true, heals: 0, restarts: 0 });
    expect(seen.rssGrowthBytes).toBeLessThan(RSS_GROWTH_BYTES_MAX);
  });

  test("decides by an edited threshold, and by the old one after a broken edit", async ({ onTestFinished }) => {
    const own = await openStage([liveEditPart]);
    onTestFinished(() => own.dispose(), 60_000);
    const seen = await liveEdit(own);
    expect(seen).toMatchObject({ healsBefore: 0, sameConfig: true, rejectedInStatus: true });
    expect(seen.rejected).toContain("did you mean heal?");
  });
});
