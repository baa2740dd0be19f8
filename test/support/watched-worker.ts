import type { Observation } from "../../src/core/observation.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import type { SensorContext, WatchedWorker } from "../../src/sensors/sensor.ts";

/** A row of a healthy fork worker; only what a test is about needs to be said. */
export function workerRow(part: Partial<WorkerRow> = {}): WorkerRow {
  return {
    pmId: 0,
    name: "rpa",
    namespace: "default",
    instance: "0",
    script: "/app/worker.js",
    pid: 4000,
    status: "online",
    mode: "fork",
    startedWallMs: Date.UTC(2026, 10, 22),
    createdWallMs: Date.UTC(2026, 10, 22),
    restarts: 0,
    exitCode: null,
    killTimeoutMs: 1600,
    listenTimeoutMs: 8000,
    autorestart: true,
    restartDelayMs: 0,
    stopExitCodes: [],
    maxMemoryRestartBytes: null,
    configuredInstances: 1,
    isModule: false,
    isNode: true,
    memoryBytes: null,
    env: {},
    ...part,
  };
}

/** A worker as sensors see it, of strategy "rpa" unless said. */
export function watchedWorker(part: Partial<WorkerRow> = {}, strategy = "rpa"): WatchedWorker {
  const row = workerRow(part);
  const group = row.namespace === "default" ? row.name : `${row.namespace}/${row.name}`;
  return { id: `${group}:${row.instance}`, group, strategy, row };
}

/** `count` instances of one app: pm_id and instance count from 0, pids from 4000. */
export function watchedWorkers(count: number, part: Partial<WorkerRow> = {}): readonly WatchedWorker[] {
  return Array.from({ length: count }, (_, index) => watchedWorker({ pmId: index, instance: String(index), pid: 4000 + index, ...part }));
}

export interface TestContext extends SensorContext {
  atMs: number;
  workers: readonly WatchedWorker[];
  readonly stop: AbortController;
}

/** A reading's context whose time stands until the test moves it. */
export function sensorContext(workers: readonly WatchedWorker[] = []): TestContext {
  const stop = new AbortController();
  const context: TestContext = { atMs: 1_000_000, workers, stop, signal: stop.signal, now: () => context.atMs };
  return context;
}

/** A reading without the `sight` that every first look at a target brings. */
export async function facts(reading: Promise<readonly Observation[]>): Promise<readonly Observation[]> {
  return (await reading).filter(({ kind }) => kind !== "sight");
}
