import type { Observation, TargetId } from "../../core/observation.ts";
import type { WatchedWorker } from "../sensor.ts";
import type { Finished, Increments } from "./counters.ts";
import type { StatsReading } from "./queue-reading.ts";
import type { PoisonTask } from "./poison-tasks.ts";
import type { Result } from "./recent-results.ts";
import type { KeyedTargets } from "./worker-keys.ts";

export interface QueueLook {
  readonly reading: StatsReading;
  /** null = this queue lists no results. */
  readonly results: readonly Result[] | null;
  /** A worker whose figures are not in the reading is one of whom nothing is known; else one with nothing to show. */
  readonly isSilenceNoData: boolean;
  /** The totals count what was finished, well or not: progress is known, and no outcome. Left out: outcomes are known. */
  readonly isProgressOnly?: boolean;
}

export interface Seen extends QueueLook {
  readonly targets: KeyedTargets;
  readonly workers: readonly WatchedWorker[];
  readonly atMs: number;
}

/** What one good reading tells: the depth of the queue, what was finished since the one before, and what is in hand. */
export function observationsOf(queue: string, seen: Seen, finished: NewlyFinished): readonly Observation[] {
  const { reading, results, atMs } = seen;
  const { increments, byResult } = finished;
  const byWorker = byResult ?? (results === null ? increments.workers : null);
  const totalsOnly = results === null && reading.workers === null;
  const groups = [...new Set(seen.workers.map(({ group }) => group))];
  const depth: Observation = {
    kind: "queue",
    queue,
    atMs,
    pending: reading.pending,
    running: reading.running,
    ...(reading.oldestMs === null ? {} : { oldestMs: reading.oldestMs }),
    finished: finishedBy(reading, finished),
    ...totalsOf(reading),
    totalsOnly,
    ...countedOf(seen, totalsOnly, { groups: increments.total === null ? [] : groups, byWorker }),
  };
  const outcomes = seen.isProgressOnly === true ? null : increments.total;
  const ofGroups = totalsOnly ? forGroups(groups, reading, outcomes, atMs) : [];
  return [depth, ...ofGroups, ...forWorkers(seen, totalsOnly ? null : byWorker)];
}

export function poisonObservation(queue: string, { targets, atMs }: Seen, { task, workers }: PoisonTask): Observation {
  return { kind: "poison", queue, atMs, task, workers: workers.flatMap((key) => targets.get(key) ?? []) };
}

/** Of a server that counts by worker, the sum. */
function totalsOf({ totals, workers }: StatsReading): Pick<Extract<Observation, { kind: "queue" }>, "totals"> {
  if (totals !== null || workers === null) return totals === null ? {} : { totals };
  const all = [...workers.values()];
  const sum = (pick: "completed" | "failed"): number => all.reduce((total, counts) => total + counts[pick], 0);
  return { totals: { completed: sum("completed"), failed: sum("failed") } };
}

interface NewlyFinished {
  readonly increments: Increments;
  /** null = a baseline, or no results are listed. */
  readonly byResult: ReadonlyMap<string, Finished> | null;
}

function finishedBy({ totals }: StatsReading, { increments, byResult }: NewlyFinished): number | null {
  const total = increments.total ?? (totals === null && byResult !== null ? sumOf(byResult) : null);
  return total === null ? null : total.ok + total.failed;
}

interface Known {
  readonly groups: readonly TargetId[];
  readonly byWorker: ReadonlyMap<string, Finished> | null;
}

/** Whose outcomes are known. A queue that counts nothing at all leaves everybody's unknown. */
function countedOf(seen: Seen, totalsOnly: boolean, { groups, byWorker }: Known): { readonly counted?: readonly TargetId[] } {
  if (totalsOnly) return seen.isSilenceNoData || seen.reading.totals === null ? { counted: groups } : {};
  if (!seen.isSilenceNoData) return {};
  return { counted: [...seen.targets].flatMap(([key, target]) => (byWorker?.has(key) === true ? [target] : [])) };
}

/** Nobody can say which worker it was: the figures are each group's whose strategy names this queue. */
function forGroups(groups: readonly TargetId[], reading: StatsReading, finished: Finished | null, atMs: number): readonly Observation[] {
  return groups.flatMap((group) => [...tasksOf(group, finished, atMs), ...runningOf(group, reading.running, atMs)]);
}

function forWorkers({ reading, targets, atMs }: Seen, finished: ReadonlyMap<string, Finished> | null): readonly Observation[] {
  return [...targets].flatMap(([key, target]) => [
    ...tasksOf(target, finished?.get(key) ?? null, atMs),
    ...runningOf(target, reading.inHand.get(key) ?? null, atMs),
  ]);
}

/** No finished task, no observation: a rate over nothing is not 0 %. */
function tasksOf(target: TargetId, finished: Finished | null, atMs: number): readonly Observation[] {
  return finished === null || finished.ok + finished.failed === 0 ? [] : [{ kind: "tasks", target, atMs, ...finished }];
}

function runningOf(target: TargetId, tasks: number | null, atMs: number): readonly Observation[] {
  return tasks === null ? [] : [{ kind: "running", target, atMs, tasks }];
}

function sumOf(finished: ReadonlyMap<string, Finished>): Finished {
  const all = [...finished.values()];
  return { ok: all.reduce((total, { ok }) => total + ok, 0), failed: all.reduce((total, { failed }) => total + failed, 0) };
}
