import { freePorts } from "../../src/demo/free-ports.ts";
import { pause, type Part } from "../../test/integration/stage.ts";
import type { AppOptions } from "../../test/support/real-pm2.ts";
import { signalLast, type Fault } from "./fault.ts";

const FROZEN = { rule: "frozen", for: "3s" };
const HEALTH = { rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "1s", failures: 3 };
const PORT = { rule: "tcp-probe", port: "{env.PORT}", every: "1s", failures: 3 };
const LEAK = { rule: "memory-above", limit: "250MB", for: "2s" };
const FILES = { rule: "open-files-above", limit: 400, for: "2s" };
const STALLED = { rule: "queue-stalled", for: "10s" };
const STANDSTILL = { actMs: 4_500, clearMs: 7_000 };
const PROBED = { actMs: 3_500 };

/** Two workers of a queue, the second of which will have `fault`; no probe unless one is named. */
function faulty(app: string, fault: string, rules: readonly unknown[], workers: Partial<AppOptions> = {}): Part {
  return { app, queue: true, workers: { script: "faulty.mjs", instances: 2, ...workers, env: { FAULT: fault } }, strategy: { rules } };
}

const ill = signalLast("SIGUSR2");

/** Dies at once for a minute, after it has lived so long; PM2's own brake ends 16 s after a start. */
function crashLoop(name: string, app: string, healthyMs: number): Fault {
  return {
    name,
    part: { app, workers: { script: "crash-on-file.mjs" }, strategy: { advanced: { backoff: { base: 30, max: 600 } } } },
    healthyMs,
    async begin(stage) {
      stage.faultFile(app).set();
      await ill(stage, app);
    },
    async mend(stage) {
      await pause(60_000);
      stage.faultFile(app).clear();
    },
    ...{ restarts: 10, patienceMs: 240_000 }, // at most 8 in the first minute (bench/acceptance.ts), and the trials after it
  };
}

/** Faults that need nothing but the worker itself. Each is an app of its own, and all go wrong beside one another. */
export const FAULTS: readonly Fault[] = [
  {
    ...{ name: "crashes once", part: faulty("crash-once", "crashes", [FROZEN]), begin: ill },
    ...{ restarts: 1, heals: "never" },
  },
  {
    ...{ name: "SIGSTOP", part: faulty("stopped", "", [FROZEN]), begin: signalLast("SIGSTOP") },
    ...{ restarts: 1, goals: STANDSTILL },
  },
  {
    ...{ name: "blocked event loop, fork", part: faulty("blocked-fork", "blocks", [FROZEN]), begin: ill },
    ...{ restarts: 1, goals: STANDSTILL },
  },
  {
    ...{
      name: "blocked event loop, cluster, 1 of 2",
      part: faulty("blocked-cluster", "blocks", [FROZEN], { exec_mode: "cluster" }),
      begin: ill,
    },
    ...{ restarts: 1, goals: STANDSTILL },
  },
  {
    ...{ name: "blocked, making garbage", part: faulty("blocked-garbage", "blocks, making garbage", [FROZEN]), begin: ill },
    ...{ restarts: 1, goals: STANDSTILL },
  },
  {
    ...{ name: "blocked by waits, one after another", part: faulty("blocked-waits", "waits in one turn", [FROZEN]), begin: ill },
    ...{ restarts: 1, goals: STANDSTILL },
  },
  {
    ...{ name: "blocked and deaf to SIGTERM", part: faulty("deaf", "deaf", [FROZEN]), begin: ill },
    ...{ restarts: 1, goals: STANDSTILL },
  },
  {
    ...{ name: "health check answers 500", part: faulty("answers-500", "answers 500", [HEALTH]), begin: ill },
    ...{ restarts: 1, goals: PROBED },
  },
  {
    ...{ name: "port closed", part: faulty("port-closed", "closes its port", [PORT]), begin: ill },
    ...{ restarts: 1, goals: PROBED },
  },
  {
    // 10 MB every 100 ms from about 60 MB: over the limit after about 2 s, and in breach for 2 s.
    ...{ name: "leaks beyond a limit", part: faulty("leaks", "leaks", [LEAK]), begin: ill },
    ...{ restarts: 1, goals: { actMs: 7_000 } },
  },
  {
    // 200 a second: over the limit after about 2 s, and in breach for 2 s.
    ...{ name: "leaks files", part: faulty("leaks-files", "leaks files", [FILES]), begin: ill },
    ...{ restarts: 1, goals: { actMs: 7_000 } },
  },
  {
    ...{ name: "fails its tasks", part: faulty("fails", "fails its tasks", []), begin: ill },
    ...{ restarts: 1, patienceMs: 90_000 },
  },
  {
    ...{ name: "takes no task any more", part: faulty("stalls", "takes no task", [STALLED]), begin: ill },
    ...{ restarts: 1, patienceMs: 90_000 },
  },
  {
    name: "what all depend on is away 60 s",
    part: {
      app: "outage",
      queue: true,
      workers: { script: "faulty.mjs", instances: 3, env: { FAULT: "lacks something" } },
      strategy: { rules: [] },
    },
    begin: async (stage, app) => Promise.resolve(stage.faultFile(app).set()),
    async mend(stage, app) {
      await pause(60_000);
      stage.faultFile(app).clear();
    },
    ...{ restarts: 2, heals: "either", patienceMs: 60_000 },
  },
  {
    name: "poison task",
    part: {
      app: "poison",
      queue: "results",
      workers: { script: "faulty.mjs", instances: 3, env: { WORK_MS: "300" } },
      strategy: { rules: [] },
    },
    begin: async ({ stats }, app) => Promise.resolve(stats.poison(app)),
    ...{ restarts: 0, heals: "never", tells: "poison_task", patienceMs: 60_000 },
  },
  crashLoop("crash loop, young", "loop-young", 1_000),
  crashLoop("crash loop, after 20 s", "loop-later", 20_000),
  {
    name: "starts for 10 s",
    part: { app: "slow", strategy: { rules: [FROZEN, HEALTH] } },
    async begin({ pm2 }, app) {
      const port = (await freePorts(19_000 + (process.pid % 500) * 2, 1)) ?? 0;
      await pm2.start({ name: app, script: "slow-start.mjs", exec_mode: "fork", env: { PORT: String(port), READY_AFTER_MS: "10000" } });
    },
    ...{ restarts: 0, heals: "never" },
  },
  {
    // What it ran goes on and has the port; PM2 starts another wrapper, whose worker cannot have it.
    name: "wrapper killed, its child lives",
    part: {
      app: "wrapped",
      workers: { script: "wrapper.sh", interpreter: "bash", env: { WRAPPED: "http-health.mjs" } },
      strategy: { max_workers: 1, trim_outside: "orphans", rules: [HEALTH] },
    },
    begin: signalLast("SIGKILL"),
    ...{ restarts: 8, patienceMs: 120_000 }, // of a crash loop a start is proven after a minute of life
  },
  {
    name: "ghost: online without a process",
    part: { app: "ghost", strategy: {} },
    begin: async (stage, app) => stage.pm2.startGhost(app),
    ...{ restarts: 3, heals: "in vain", patienceMs: 15_000 },
  },
  {
    ...{ name: "paused 2 s, as by a collector", part: faulty("paused", "", [FROZEN, HEALTH]) },
    async begin(stage, app) {
      const pid = await signalLast("SIGSTOP")(stage, app);
      await pause(2_000);
      process.kill(pid, "SIGCONT");
    },
    ...{ restarts: 0, heals: "never" },
  },
];
