import type { Observation, TargetId } from "../core/observation.ts";
import type { WorkerReport, WorkerRow } from "../core/worker-row.ts";
import type { Sensor, SensorContext, WatchedWorker } from "./sensor.ts";

export interface WorkerReportsOptions {
  /** By strategy. Tasks only where no queue tells them already: nothing is counted twice. */
  readonly tasksFor: (strategy: string) => boolean;
  readonly heartbeatFor: (strategy: string) => boolean;
  readonly loopDelayFor: (strategy: string) => boolean;
  readonly everyMs: number;
  readonly wallMs: () => number;
}

/** What is known of one process. */
interface Known {
  readonly row: WorkerRow;
  /** The counts up to which everything has been told; null = the next report is a baseline. */
  readonly told: Pick<WorkerReport, "ok" | "failed" | "beats"> | null;
  /** Since when it has been looked at without a hole. */
  readonly sinceMs: number;
  readonly atMs: number;
}

const LIST_EVERY_MS = 5_000; // a worker beats as often; a list costs PM2's daemon 35 ms at 500 workers (pm2-watch.ts)
const HOLE_MS_MIN = 3 * LIST_EVERY_MS; // what a PM2 that hung for longer has kept back does not count as silence
const HOLE_READINGS = 2;
const NOTHING_YET = { ok: 0, failed: 0, beats: 0 };

/**
 * Turns what workers report through PM2 (`src/worker`) into observations: cumulative counts into increments, a count of
 * beats that moved into a heartbeat. Reads the rows healer has listed anyway and costs one look into a map a worker. A
 * row that is the same object as before comes from the same list, so nothing is concluded while PM2 is not listed. What
 * a process said before it was first looked at is its baseline, unless it has started since the look before.
 */
export function createWorkerReportsSensor(options: WorkerReportsOptions): Sensor {
  let known = new Map<string, Known>();
  let lookedWallMs = Number.POSITIVE_INFINITY;
  return {
    name: "worker-reports",
    everyMs: options.everyMs,
    timeoutMs: options.everyMs,
    listEveryMs: LIST_EVERY_MS,
    read(context) {
      const found: Observation[] = [];
      const next = new Map<string, Known>();
      let hasNews = lookedWallMs === Number.POSITIVE_INFINITY;
      for (const worker of context.workers.filter(({ row }) => row.pid !== null)) {
        const key = processOf(worker.row);
        const before = known.get(key);
        const isOld = before?.row === worker.row;
        next.set(key, isOld ? before : lookAt(found, worker, { before, context, lookedWallMs, options }));
        hasNews ||= !isOld;
      }
      known = next;
      if (hasNews) lookedWallMs = options.wallMs();
      return Promise.resolve(found);
    },
  };
}

interface Look {
  readonly before: Known | undefined;
  readonly context: SensorContext;
  readonly lookedWallMs: number;
  readonly options: WorkerReportsOptions;
}

/** Not by the worker's name: a row that moves up to another number is the same process with the same counts. */
function processOf({ pmId, pid, startedWallMs }: WorkerRow): string {
  return `${pmId} ${pid} ${startedWallMs}`;
}

function lookAt(found: Observation[], worker: WatchedWorker, look: Look): Known {
  const { before, options, context } = look;
  const { id, strategy, row } = worker;
  const atMs = context.now();
  const sinceMs = before === undefined || atMs - before.atMs > holeMs(options) ? atMs : before.sinceMs;
  const told = before === undefined ? startOf(row, look.lookedWallMs) : before.told;
  const { report } = row;
  const hasBeat = report !== null && told !== null && report.beats !== told.beats;
  if (report !== null && told !== null && options.tasksFor(strategy)) addTasks(found, { id, atMs }, { told, report });
  if (options.heartbeatFor(strategy) && report?.isClosed !== true)
    found.push(hasBeat ? { kind: "heartbeat", target: id, atMs } : { kind: "silence", target: id, atMs, sinceMs });
  if (hasBeat && report.loopDelayMs !== null && options.loopDelayFor(strategy))
    found.push({ kind: "loop-delay", target: id, atMs, delayMs: report.loopDelayMs });
  return { row, told: report ?? told, sinceMs, atMs };
}

/** A process that started after the previous look has reported nothing that was not since then. */
function startOf({ startedWallMs }: WorkerRow, lookedWallMs: number): Known["told"] {
  return startedWallMs !== null && startedWallMs >= lookedWallMs ? NOTHING_YET : null;
}

/** Counts that went down began anew: a baseline again. */
function addTasks(
  found: Observation[],
  { id, atMs }: { readonly id: TargetId; readonly atMs: number },
  { told, report }: { readonly told: NonNullable<Known["told"]>; readonly report: WorkerReport },
): void {
  const [ok, failed] = [report.ok - told.ok, report.failed - told.failed];
  if (ok < 0 || failed < 0 || ok + failed === 0) return;
  found.push({ kind: "tasks", target: id, atMs, ok, failed });
}

function holeMs({ everyMs }: WorkerReportsOptions): number {
  return Math.max(HOLE_MS_MIN, HOLE_READINGS * everyMs);
}
