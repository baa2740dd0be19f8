import type { Observation, TargetId } from "../core/observation.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { QUEUE_EVERY_MS } from "../core/paces.ts";
import { getBounded } from "../world/http/get-bounded.ts";
import { publicUrl } from "../world/http/public-url.ts";
import { createCounters, type Counters, type Finished } from "./queue/counters.ts";
import { HttpQueueParams } from "./queue/http-queue-params.ts";
import { parseJson } from "./queue/json-fields.ts";
import { createRecentResults, readResults, type RecentResults, type Result } from "./queue/recent-results.ts";
import { readStats, type StatsReading } from "./queue/stats-reading.ts";
import { createWorkerKeys, type KeyedTargets, type WorkerKeys } from "./queue/worker-keys.ts";
import type { QueueKind, QueueSettings } from "./queue-kind.ts";
import { createEyesight, type Eyesight, type Sensor, type SensorContext, type WatchedWorker } from "./sensor.ts";

const ABORT_AFTER_MS = 1_000;
const BODY_BYTES_MAX = 4 * 1024 ** 2; // ten thousand workers fit; 200 MB of JSON would stop the event loop for seconds
/** A server that restarts is silent for a while: nothing is concluded meanwhile, and after this healer says so. */
const SILENCE_MAX_MS = 60_000;

/** `queues: {llm: {type: http, url: …}}`: any task server that publishes its counts, or its recent results, as JSON. */
export const httpQueue: QueueKind = {
  type: "http",
  summary: "a server that answers counts of tasks (and, better, counts or results by worker) as JSON",
  params: HttpQueueParams,
  envNames(params) {
    const key = (params as HttpQueueParams).worker_key;
    return key?.startsWith("env.") === true ? [key.slice("env.".length)] : [];
  },
  create: (params, settings) => createHttpQueue(params as HttpQueueParams, settings),
};

function createHttpQueue(params: HttpQueueParams, settings: QueueSettings): Sensor {
  const name = `queue:${settings.name}`;
  const queue: Queue = {
    params,
    settings,
    eyesight: createEyesight(name),
    counters: createCounters(),
    recentResults: createRecentResults(),
    workerKeys: createWorkerKeys(params.worker_key ?? null),
    sawWorkers: false,
    goodAtMs: null,
  };
  return {
    name,
    everyMs: Math.max(params.every ?? QUEUE_EVERY_MS, settings.intervalMs),
    timeoutMs: params.timeout + ABORT_AFTER_MS,
    async read(context) {
      const seen = await look(queue, context);
      if (context.signal.aborted)
        return notSeen(queue, { reason: "the reading took too long and was stopped", mayPass: false }, context.now());
      return seen.ok ? seen.value : notSeen(queue, seen.error, context.now());
    },
  };
}

/** What one queue remembers between readings. */
interface Queue {
  readonly params: HttpQueueParams;
  readonly settings: QueueSettings;
  readonly eyesight: Eyesight;
  readonly counters: Counters;
  readonly recentResults: RecentResults;
  readonly workerKeys: WorkerKeys;
  /** Figures by worker came once: an empty map since then means no workers, not totals only. */
  sawWorkers: boolean;
  goodAtMs: number | null;
}

interface NotSeen {
  readonly reason: string;
  /** Silence and unknown workers may pass by themselves; nonsense is told at once. */
  readonly mayPass: boolean;
}

/**
 * A reading without an answer is no evidence. Within a minute after a good one nothing is said, and the next good one
 * counts from there: the counts are cumulative. After a minute, and at once for nonsense, the sensor is blind (with
 * every reading; the core says it once), and what comes next is a baseline.
 */
function notSeen(queue: Queue, { reason, mayPass }: NotSeen, atMs: number): readonly Observation[] {
  if (mayPass && queue.goodAtMs !== null && atMs - queue.goodAtMs < SILENCE_MAX_MS) return [];
  queue.goodAtMs = null;
  queue.counters.forget();
  queue.recentResults.forget();
  return [queue.eyesight.blind(null, atMs, reason)];
}

async function look(queue: Queue, context: SensorContext): Promise<Outcome<readonly Observation[], NotSeen>> {
  const { params, settings } = queue;
  const [stats, results] = await Promise.all([
    ask(params, params.url, context.signal, (body) => readStats(body, params.fields)),
    params.results === undefined ? null : ask(params, params.results, context.signal, (body) => readResults(body, params.fields)),
  ]);
  if (!stats.ok) return stats;
  if (results !== null && !results.ok) return results;
  const workers = context.workers.filter(({ strategy }) => settings.strategies.includes(strategy));
  const reading = withoutEmptyWorkers(queue, stats.value);
  const keys = new Set([...(reading.workers?.keys() ?? []), ...(results?.value ?? []).flatMap(({ worker }) => worker ?? [])]);
  const targets = queue.workerKeys.resolve([...keys], workers);
  if (!targets.ok) return failure({ reason: targets.error, mayPass: true });
  return conclude(queue, { reading, results: results?.value ?? null, targets: targets.value, workers, atMs: context.now() });
}

async function ask<Value>(
  params: HttpQueueParams,
  url: string,
  signal: AbortSignal,
  read: (body: unknown) => Outcome<Value, string>,
): Promise<Outcome<Value, NotSeen>> {
  const { timeout: timeoutMs, headers } = params;
  const answer = await getBounded(url, { timeoutMs, maxBytes: BODY_BYTES_MAX, headers, signal });
  if (!answer.ok) return failure({ reason: `${publicUrl(url)}: ${answer.error.message}`, mayPass: answer.error.kind !== "too-large" });
  const json = parseJson(answer.value.body, answer.value.contentType);
  const value = json.ok ? read(json.value) : json;
  return value.ok ? value : failure({ reason: `${publicUrl(url)}: ${value.error}`, mayPass: false });
}

function withoutEmptyWorkers(queue: Queue, reading: StatsReading): StatsReading {
  queue.sawWorkers ||= reading.workers !== null && reading.workers.size > 0;
  return queue.sawWorkers ? reading : { ...reading, workers: null };
}

interface Seen {
  readonly reading: StatsReading;
  /** null = this queue lists no results. */
  readonly results: readonly Result[] | null;
  readonly targets: KeyedTargets;
  readonly workers: readonly WatchedWorker[];
  readonly atMs: number;
}

function conclude(queue: Queue, seen: Seen): Outcome<readonly Observation[], NotSeen> {
  const { reading, results, atMs } = seen;
  const increments = queue.counters.advance(reading);
  if (increments.implausible !== null)
    return failure({ reason: `${publicUrl(queue.params.url)}: ${increments.implausible}`, mayPass: false });
  queue.goodAtMs = atMs;
  const byResult = results === null ? null : queue.recentResults.advance(results);
  const finished = increments.total ?? (reading.totals === null && byResult !== null ? sumOf(byResult) : null);
  const totalsOnly = results === null && reading.workers === null;
  const groups = new Set(seen.workers.map(({ group }) => group));
  return success([
    ...queue.eyesight.sees(null, atMs),
    {
      kind: "queue",
      queue: queue.settings.name,
      atMs,
      pending: reading.pending,
      running: reading.running ?? 0,
      finished: finished === null ? null : finished.ok + finished.failed,
      totalsOnly,
    },
    ...(totalsOnly
      ? forGroups(groups, reading, increments.total, atMs)
      : forWorkers(seen, byResult ?? (results === null ? increments.workers : null))),
  ]);
}

/** Nobody can say which worker it was: the figures are each group's whose strategy names this queue. */
function forGroups(groups: ReadonlySet<TargetId>, reading: StatsReading, finished: Finished | null, atMs: number): readonly Observation[] {
  return [...groups].flatMap((group) => [...tasksOf(group, finished, atMs), ...runningOf(group, reading.running, atMs)]);
}

function forWorkers({ reading, targets, atMs }: Seen, finished: ReadonlyMap<string, Finished> | null): readonly Observation[] {
  return [...targets].flatMap(([key, target]) => [
    ...tasksOf(target, finished?.get(key) ?? null, atMs),
    ...runningOf(target, reading.workers?.get(key)?.running ?? null, atMs),
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
