import { LOOP_TURNS_MIN } from "../core/loop-turns.ts";
import type { Observation } from "../core/observation.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Sensor, WatchedWorker } from "./sensor.ts";

export interface EventLoopsOptions {
  readonly neededFor: (strategy: string) => boolean;
  readonly everyMs: number;
  /** How often PM2 is to be listed while a worker has an agent that tells. */
  readonly listEveryMs: number;
}

/** What is known of one process. */
interface Told {
  /** Of the newest list. */
  readonly row: WorkerRow;
  /** What was compared last, and when; null = nothing was told yet. */
  readonly figures: string | null;
  readonly atMs: number;
  readonly turns: number;
  readonly sinceMs: number;
}

const COMPARED_MS_MIN = 500; // the agent tells once a second: of two lists closer to each other the second says little
const HOLE_LISTS = 3; // a PM2 that hung has kept back what it was told
// Until the first turns of a process are known its silence means nothing: PM2 is listed more often, but not for long.
const YOUNG_LIST_MS = 1_000;
const YOUNG_MS = 30_000;

/**
 * Whether the event loop of a Node worker has turned: PM2's agent in it tells figures once a second, which stand in the list.
 * Reads the rows healer has listed anyway; a row that is the same object as before comes from the same list. Workers
 * without the agent (`pmx: false`, other programs than Node) are not spoken of.
 */
export function createEventLoopsSensor(options: EventLoopsOptions): Sensor {
  const { neededFor, everyMs, listEveryMs } = options;
  const holeMs = HOLE_LISTS * Math.max(listEveryMs, everyMs);
  let told = new Map<string, Told>();
  let paceMs: number | undefined;
  return {
    name: "event-loops",
    everyMs,
    timeoutMs: everyMs,
    get listEveryMs() {
      return paceMs;
    },
    read({ workers, now }) {
      const found: Observation[] = [];
      const atMs = now();
      const watched = workers.filter(({ strategy, row }) => neededFor(strategy) && row.isNode && row.pid !== null);
      told = new Map(watched.map((worker) => [processOf(worker.row), lookAt(found, worker, { told, atMs, holeMs })]));
      const processes = [...told.values()];
      const isYoung = processes.some(({ turns, sinceMs }) => turns < LOOP_TURNS_MIN && atMs - sinceMs < YOUNG_MS);
      const tells = processes.some(({ figures }) => figures !== null);
      paceMs = isYoung ? Math.min(YOUNG_LIST_MS, listEveryMs) : tells ? listEveryMs : undefined;
      return Promise.resolve(found);
    },
  };
}

function processOf({ pmId, pid, startedWallMs }: WorkerRow): string {
  return `${pmId} ${pid} ${startedWallMs}`;
}

interface Look {
  readonly told: ReadonlyMap<string, Told>;
  readonly atMs: number;
  readonly holeMs: number;
}

function lookAt(found: Observation[], { id, row }: WatchedWorker, { told, atMs, holeMs }: Look): Told {
  const figures = row.agentFigures;
  const before = told.get(processOf(row)) ?? { row: null, figures: null, atMs, turns: 0, sinceMs: atMs };
  if (before.row === row) return before;
  const gapMs = atMs - before.atMs;
  const isSame = figures === before.figures;
  if (figures === null || (isSame && gapMs < COMPARED_MS_MIN)) return { ...before, row };
  const turned = before.figures === null || gapMs > holeMs ? null : !isSame;
  found.push({ kind: "loop-turn", target: id, atMs, pid: row.pid ?? 0, turned });
  return { ...before, row, figures, atMs, turns: before.turns + (turned === true ? 1 : 0) };
}
