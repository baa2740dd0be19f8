import type { Observation } from "../../src/core/observation.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import type { SensorContext, WatchedWorker } from "../../src/sensors/sensor.ts";
import { workerRow } from "./worker-row.ts";

/** A worker as sensors see it, of strategy "rpa" unless said. */
export function watchedWorker(part: Partial<WorkerRow> = {}, strategy = "rpa"): WatchedWorker {
  const row = workerRow({ name: "rpa", pid: 4000, listenTimeoutMs: 8000, ...part });
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
