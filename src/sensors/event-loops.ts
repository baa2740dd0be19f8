import type { Observation } from "../core/observation.ts";
import type { WorkerRow, WorkerVitals } from "../core/worker-row.ts";
import type { Sensor, WatchedWorker } from "./sensor.ts";

export interface EventLoopsOptions {
  readonly neededFor: (strategy: string) => boolean;
  readonly everyMs: number;
  /** How often PM2 is to be listed while a worker has an agent that tells. */
  readonly listEveryMs: number;
}

/** What the newest list that was compared said of one process. */
interface Told {
  readonly row: WorkerRow;
  readonly vitals: WorkerVitals;
  readonly atMs: number;
}

const COMPARED_MS_MIN = 500; // the agent tells once a second: of two lists closer to each other the second says little
const HOLE_LISTS = 3; // a PM2 that hung has kept back what it was told

/**
 * Whether the event loop of a Node worker has turned: PM2's agent in it tells figures once a second, which stand in the list.
 * Reads the rows healer has listed anyway; a row that is the same object as before comes from the same list. Workers
 * without the agent (`pmx: false`, other programs than Node) are not spoken of.
 */
export function createEventLoopsSensor(options: EventLoopsOptions): Sensor {
  let told = new Map<string, Told>();
  return {
    name: "event-loops",
    everyMs: options.everyMs,
    timeoutMs: options.everyMs,
    get listEveryMs() {
      return told.size > 0 ? options.listEveryMs : undefined;
    },
    read({ workers, now }) {
      const found: Observation[] = [];
      const next = new Map<string, Told>();
      for (const worker of workers.filter(({ strategy }) => options.neededFor(strategy))) {
        const { pmId, pid, startedWallMs, vitals } = worker.row;
        if (pid === null || vitals === null) continue;
        const key = `${pmId} ${pid} ${startedWallMs}`;
        next.set(key, lookAt(found, { worker, vitals, before: told.get(key), atMs: now(), holeMs: HOLE_LISTS * options.listEveryMs }));
      }
      told = next;
      return Promise.resolve(found);
    },
  };
}

interface Look {
  readonly worker: WatchedWorker;
  readonly vitals: WorkerVitals;
  readonly before: Told | undefined;
  readonly atMs: number;
  readonly holeMs: number;
}

function lookAt(found: Observation[], { worker: { id, row }, vitals, before, atMs, holeMs }: Look): Told {
  if (before?.row === row) return before;
  const gapMs = before === undefined ? 0 : atMs - before.atMs;
  const isSame = before !== undefined && isSameVitals(before.vitals, vitals);
  if (isSame && gapMs < COMPARED_MS_MIN) return { ...before, row };
  const turned = before === undefined || gapMs > holeMs ? null : !isSame;
  found.push({ kind: "loop-turn", target: id, atMs, pid: row.pid ?? 0, turned });
  return { row, vitals, atMs };
}

function isSameVitals({ readWallMs: _one, ...one }: WorkerVitals, { readWallMs: _other, ...other }: WorkerVitals): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
