import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TargetStatus } from "../../src/core/status.ts";
import { isAlive } from "../support/process-scan.ts";
import { until } from "../support/until.ts";
import { graceOver, instanceOf, nowIso, openStage, signalWorker, type Part, type Stage } from "./stage.ts";

// Workers that report through pm2-healer/worker, as users import it, and no queue anywhere: what healer knows of their tasks it
// has from PM2's list.

const STRATEGY = { rules: ["success-rate", "heartbeat-missing", { rule: "event-loop-delay-above", limit: "500ms" }] };
const WORKER = { script: "sdk-worker.mjs", instances: 2 } as const;
const PARTS: readonly Part[] = [
  { app: "forked", workers: { ...WORKER, exec_mode: "fork" }, strategy: STRATEGY },
  { app: "clustered", workers: { ...WORKER, exec_mode: "cluster" }, strategy: STRATEGY },
  { app: "killed", workers: { ...WORKER, instances: 1 }, strategy: STRATEGY },
  { app: "late", workers: WORKER, strategy: { rules: [{ rule: "event-loop-delay-above", limit: "200ms", for: "8s" }] } },
  { app: "silent", workers: WORKER, strategy: { rules: [{ rule: "heartbeat-missing", for: "30s" }] } },
  { app: "deadly", workers: { ...WORKER, instances: 1, env: { DEADLY: "1" } }, strategy: STRATEGY },
];
const LAST_SECONDS = 100; // tasks a killed worker may have finished since its last report was seen: five seconds of them

/** What healer has counted of a worker: everything since it watches. */
async function countedOf(stage: Stage, target: string): Promise<number> {
  const { json } = await stage.healer.call("GET", "/api/status");
  const { targets } = json as { readonly targets: readonly TargetStatus[] };
  const hour = targets.find(({ id }) => id === target)?.success.hour;
  return (hour?.ok ?? 0) + (hour?.failed ?? 0);
}

interface Said {
  readonly pid: number;
  readonly value: string;
  readonly tasks: number;
  readonly beats: number;
}

/** What the worker itself says, as `pm2 describe` would show it: NaN until its process has said something. */
async function saidBy(stage: Stage, app: string, instance = 0): Promise<Said> {
  const row = (await stage.rows(app)).find((each) => instanceOf(each) === instance);
  const metrics = row?.pm2Env["axm_monitor"] as { healer?: Record<string, unknown> } | undefined;
  const { pid, value, ok, failed, beats } = metrics?.healer ?? {};
  return { pid: Number(pid), value: String(value), tasks: Number(ok) + Number(failed), beats: Number(beats) };
}

/** Silence means nothing before that. */
async function hasBeenHeard(stage: Stage, target: string): Promise<boolean> {
  const { json } = await stage.healer.call("GET", `/api/targets/${encodeURIComponent(target)}`);
  return /it has a heartbeat|event-loop delay \d+ ms/.test(JSON.stringify(json));
}

describe.concurrent("workers with the SDK on a real PM2", { timeout: 120_000 }, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(PARTS);
  }, 90_000);
  afterAll(async () => stage?.dispose(), 60_000);

  test.each(["forked", "clustered"])("%s: their outcomes and heartbeats arrive, and pm2 describe shows them", async (app) => {
    for (const instance of [0, 1]) {
      await until(async () => (await countedOf(stage, `${app}:${instance}`)) > 50, `tasks of ${app}:${instance}`, 40_000);
      const said = await saidBy(stage, app, instance);
      expect(said.value).toMatch(/^\d+ ok, \d+ failed.* ms a task, loop delay [\d.]+ ms$/);
      expect(said.beats).toBeGreaterThan(1);
      const rows = await stage.rows(app);
      expect(said.pid).toBe(rows.find((row) => instanceOf(row) === instance)?.pid);
    }
  });

  test.each(["forked", "clustered"])("%s: one that fails its tasks is healed without any queue, and no other", async (app) => {
    await graceOver(stage, app);
    await until(async () => (await countedOf(stage, `${app}:1`)) > 100, `tasks of ${app}:1`, 40_000);
    const onset = nowIso();
    await signalWorker(stage, app, "SIGUSR2", 1);
    const verdict = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 90_000, onset);
    expect(verdict).toMatchObject({ target: `${app}:1`, verdict: "recovered" });
    const intents = stage.linesOf(app).filter(({ event }) => event === "heal_intent");
    expect(intents).toMatchObject([{ target: `${app}:1`, rule: "success-rate" }]);
  });

  test.each([
    ["late", "SIGPROF", "event-loop-delay-above"],
    ["silent", "SIGHUP", "heartbeat-missing"],
  ] as const)("%s: one whose event loop is held up (%s) is healed by %s", async (app, signal, rule) => {
    await graceOver(stage, app);
    await until(() => hasBeenHeard(stage, `${app}:1`), `a sign of life of ${app}:1`, 40_000);
    const onset = nowIso();
    await signalWorker(stage, app, signal, 1);
    const verdict = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 90_000, onset);
    expect(verdict).toMatchObject({ target: `${app}:1`, verdict: "recovered" });
    const intents = stage.linesOf(app).filter(({ event }) => event === "heal_intent");
    expect(intents).toMatchObject([{ target: `${app}:1`, rule }]);
  });

  test("one that was killed and came back is not counted twice", async () => {
    await until(async () => (await countedOf(stage, "killed:0")) > 300, "tasks of killed:0", 60_000);
    const before = await saidBy(stage, "killed");
    await signalWorker(stage, "killed", "SIGKILL");
    const hasWorked = ({ pid, tasks }: Said): boolean => pid !== before.pid && tasks > 150;
    await until(async () => hasWorked(await saidBy(stage, "killed")), "tasks of the process after it", 60_000);
    const counted = await countedOf(stage, "killed:0");
    const after = await saidBy(stage, "killed");
    expect(counted).toBeLessThan(before.tasks + LAST_SECONDS + after.tasks);
    await until(async () => (await countedOf(stage, "killed:0")) > before.tasks, "the tasks of both", 20_000);
  });

  test("PM2's daemon survives a worker that sends it null, and the worker is told why", async () => {
    const { path } = stage.faultFile("deadly");
    await until(() => existsSync(path), "the worker to try");
    expect(readFileSync(path, "utf8")).toMatch(/^process\.send\(null\) would end PM2's daemon/);
    await until(async () => (await countedOf(stage, "deadly:0")) > 0, "its tasks", 40_000);
    expect(isAlive(stage.pm2.daemonPid)).toBe(true);
  });
});
