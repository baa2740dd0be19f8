import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Action, ActionResult } from "../../src/actions/action.ts";
import { holdDown } from "../../src/actions/hold-down.ts";
import { reload } from "../../src/actions/reload.ts";
import { restart } from "../../src/actions/restart.ts";
import { stopStart } from "../../src/actions/stop-start.ts";
import type { ActionStep } from "../../src/core/event.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { connectPm2 } from "../../src/world/pm2/connect-pm2.ts";
import type { Pm2 } from "../../src/world/pm2/pm2.ts";
import { linuxProcesses } from "../../src/world/processes/linux-processes.ts";
import { descendants, isAlive, sendSignal } from "../support/process-scan.ts";
import { startPm2, type AppOptions, type RealPm2 } from "../support/real-pm2.ts";
import { until } from "../support/until.ts";

const DONE: ActionResult = { ok: true, error: null };

describe("with a real PM2", { timeout: 60_000 }, () => {
  let pm2: RealPm2;
  let door: Pm2;
  beforeAll(async () => {
    pm2 = await startPm2();
    door = connectPm2({ pm2Home: pm2.home, envNames: [] });
  });
  afterEach(async () => {
    for (const name of new Set((await pm2.list()).map((row) => row.name))) await pm2.remove(name);
  });
  afterAll(async () => {
    door.close();
    await pm2.dispose();
  });

  const rowNow = async (pmId: number): Promise<WorkerRow> => {
    const listed = await door.list();
    const row = listed.ok ? listed.value.rows.find((each) => each.pmId === pmId) : undefined;
    if (row === undefined) throw new Error(`PM2 does not list pm_id ${pmId}`);
    return row;
  };
  const started = async (app: AppOptions): Promise<WorkerRow> => rowNow((await pm2.start(app))[0]?.pmId ?? -1);
  const run = async (action: Action, pmId: number, step: ActionStep = "all"): Promise<ActionResult> =>
    action.run({ pm2: door, processes: linuxProcesses(), row: await rowNow(pmId), step, ends: [] });
  const untilStatus = (pmId: number, status: string): Promise<void> =>
    until(async () => (await pm2.row(pmId))?.status === status, `PM2 to say ${status}`);

  /** Runs it and answers with the row as it is once PM2 has settled. */
  const online = async (pmId: number): Promise<WorkerRow> => {
    await untilStatus(pmId, "online");
    return rowNow(pmId);
  };

  test("restart brings a worker to life that the kernel had stopped", async () => {
    const before = await started({ name: "frozen", script: "idle.mjs", kill_timeout: 300 });
    sendSignal(before.pid ?? 0, "SIGSTOP");
    expect(await run(restart, before.pmId)).toEqual(DONE);
    const after = await online(before.pmId);
    expect(after.pid).not.toBe(before.pid);
    expect([isAlive(before.pid ?? 0), isAlive(after.pid ?? 0)]).toEqual([false, true]);
  });

  test("restart brings back a row that PM2 has given up as errored", async () => {
    const { pmId } = await started({ name: "errored", script: "crash-at-once.mjs", max_restarts: 2, min_uptime: 5_000 });
    await untilStatus(pmId, "errored");
    const before = await rowNow(pmId);
    expect(before.pid).toBeNull();
    expect(await run(restart, pmId)).toEqual(DONE);
    expect((await pm2.row(pmId))?.startedWallMs).toBeGreaterThan(before.startedWallMs ?? 0);
  });

  test("restart brings back a row that PM2 says waits for a restart, and has forgotten", async () => {
    const forgotten = { script: "crash-at-once.mjs", restart_delay: 100, max_restarts: 2, min_uptime: 5_000 };
    const { pmId } = await started({ name: "forgotten", ...forgotten });
    await until(async () => (await rowNow(pmId)).pid === null && (await rowNow(pmId)).status === "waiting restart", "PM2 to forget it");
    const before = (await pm2.row(pmId))?.startedWallMs ?? 0;
    expect(await run(restart, pmId)).toEqual(DONE);
    expect((await pm2.row(pmId))?.startedWallMs).toBeGreaterThan(before);
  });

  test("restart of a row whose restart PM2 has planned is refused by PM2 and starts nothing; hold-down ends that plan", async () => {
    const { pmId } = await started({ name: "planned", script: "crash-after.mjs", restart_delay: 20_000, env: { CRASH_AFTER_MS: "200" } });
    await untilStatus(pmId, "waiting restart");
    const { pid } = await rowNow(pmId);
    expect(isAlive(pid ?? 0)).toBe(false); // the pid of the process that has died
    expect(await run(restart, pmId)).toEqual({ ok: false, error: `Process with pid ${pid} already exists` });
    expect(descendants(pm2.daemonPid).filter(isAlive)).toEqual([]);
    expect(await run(holdDown, pmId, "stop")).toEqual(DONE);
    expect(await rowNow(pmId)).toMatchObject({ status: "stopped", pid: null });
  });

  test("restart of a ghost, online without a process, ends and says how", async () => {
    const pmId = (await pm2.startGhost("ghost"))[0]?.pmId ?? -1;
    expect(await rowNow(pmId)).toMatchObject({ status: "online", pid: null });
    expect(await run(restart, pmId)).toEqual(DONE);
  });

  test("reload replaces the process of a cluster worker and keeps its pm_id and settings", async () => {
    const before = await started({ name: "web", script: "http-health.mjs", exec_mode: "cluster", instances: 1 });
    expect(await run(reload, before.pmId)).toEqual(DONE);
    const after = await online(before.pmId);
    expect(after).toMatchObject({ name: "web", mode: "cluster", killTimeoutMs: before.killTimeoutMs, instance: before.instance });
    expect(after.pid).not.toBe(before.pid);
    await until(() => !isAlive(before.pid ?? 0), "the old process to end");
  });

  test("stop-start ends the child that outlives its wrapper, and starts one wrapper with one child", async () => {
    const before = await started({
      ...{ name: "wrapped", script: "wrapper.sh", interpreter: "/bin/sh", treekill: false, kill_timeout: 500 },
      env: { WRAPPED: "ignore-sigterm.mjs" },
    });
    await until(() => descendants(before.pid ?? 0).length === 1, "the child");
    const [child = 0] = descendants(before.pid ?? 0);
    expect(await run(stopStart, before.pmId)).toEqual(DONE);
    expect([isAlive(before.pid ?? 0), isAlive(child)]).toEqual([false, false]);
    const after = await online(before.pmId);
    await until(() => descendants(after.pid ?? 0).length === 1, "the new child");
    const children = descendants(after.pid ?? 0);
    await pm2.remove(before.pmId); // first, or PM2 starts the wrapper again when its child has gone
    for (const pid of children) sendSignal(pid, "SIGKILL"); // they would outlive the test
  });

  test.each([
    ["at full speed", {}],
    ["with a delay", { restart_delay: 200 }],
    ["with a growing delay", { exp_backoff_restart_delay: 100 }],
  ])("hold-down ends a crash loop %s for good, and starts it once", async (_how, options) => {
    const crash = { script: "crash-at-once.mjs", max_restarts: 100_000, ...options };
    const { pmId } = await started({ name: "loop", ...crash });
    await until(async () => ((await pm2.row(pmId))?.restarts ?? 0) >= 5, "a crash loop");
    expect(await run(holdDown, pmId, "stop")).toEqual(DONE);
    const held = await pm2.row(pmId);
    expect(held).toMatchObject({ status: "stopped", pid: null });
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // whatever PM2 had still planned would have happened
    expect(await pm2.row(pmId)).toMatchObject({ status: "stopped", pid: null, restarts: held?.restarts });
    expect(await run(holdDown, pmId, "start")).toEqual(DONE);
    await until(async () => ((await pm2.row(pmId))?.restarts ?? 0) !== held?.restarts, "the loop to go on");
  });

  test("hold-down's start of a worker that is well starts it once", async () => {
    const { pmId } = await started({ name: "well", script: "idle.mjs" });
    expect(await run(holdDown, pmId, "stop")).toEqual(DONE);
    expect(await rowNow(pmId)).toMatchObject({ status: "stopped", pid: null });
    expect(await run(holdDown, pmId, "start")).toEqual(DONE);
    const { pid } = await online(pmId);
    expect(await run(holdDown, pmId, "start")).toEqual(DONE);
    expect((await online(pmId)).pid).toBe(pid);
  });
});
