import type { Observation } from "../../core/observation.ts";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { QUEUE_EVERY_MS } from "../../core/paces.ts";
import type { QueueSettings } from "../queue-kind.ts";
import { createEyesight, type Eyesight, type Sensor, type SensorContext } from "../sensor.ts";
import { createCounters, type Counters } from "./counters.ts";
import { observationsOf, poisonObservation, type QueueLook, type Seen } from "./queue-observations.ts";
import { createRecentResults, type RecentResults } from "./recent-results.ts";
import type { StatsReading } from "./queue-reading.ts";
import { createWorkerKeys, type WorkerKey, type WorkerKeys } from "./worker-keys.ts";

const ABORT_AFTER_MS = 1_000;
/** A server that restarts is silent for a while: nothing is concluded meanwhile, and after this healer says so. */
const SILENCE_MAX_MS = 60_000;

/** What is particular to one kind of queue; counting, naming workers and being blind are the same for all. */
export interface QueueSource {
  /** Asks the server. One promise that always settles, within `timeoutMs` unless `signal` aborts it. */
  look(signal: AbortSignal): Promise<Outcome<QueueLook, NotSeen>>;
  readonly timeoutMs: number;
  /** How often to ask; undefined = as usual. */
  readonly everyMs: number | undefined;
  readonly workerKey: WorkerKey | null;
  /** In front of what is wrong with the figures: where they came from, without secrets. */
  readonly place: string;
  /** Left out: as `counters.ts` words it. */
  readonly implausibleWords?: string;
  /** Left out: nothing is kept open between readings. */
  close?(): void;
}

export interface NotSeen {
  readonly reason: string;
  /** Silence and unknown workers may pass by themselves; nonsense is told at once. */
  readonly mayPass: boolean;
}

export function createQueueSensor(source: QueueSource, settings: QueueSettings): Sensor {
  const name = `queue:${settings.name}`;
  const queue: Queue = {
    source,
    settings,
    eyesight: createEyesight(name),
    counters: createCounters(source.implausibleWords),
    recentResults: createRecentResults(),
    workerKeys: createWorkerKeys(source.workerKey),
    sawWorkers: false,
    goodAtMs: null,
  };
  return {
    name,
    everyMs: Math.max(source.everyMs ?? QUEUE_EVERY_MS, settings.intervalMs),
    timeoutMs: source.timeoutMs + ABORT_AFTER_MS,
    close: () => source.close?.(),
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
  readonly source: QueueSource;
  readonly settings: QueueSettings;
  readonly eyesight: Eyesight;
  readonly counters: Counters;
  readonly recentResults: RecentResults;
  readonly workerKeys: WorkerKeys;
  /** Figures by worker came once: an empty map since then means no workers, not totals only. */
  sawWorkers: boolean;
  goodAtMs: number | null;
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
  const found = await queue.source.look(context.signal);
  if (!found.ok) return found;
  const workers = context.workers.filter(({ strategy }) => queue.settings.strategies.includes(strategy));
  const { results } = found.value;
  const reading = withoutEmptyWorkers(queue, found.value.reading);
  const byResult = (results ?? []).flatMap(({ worker }) => worker ?? []);
  const keys = new Set([...(reading.workers?.keys() ?? []), ...reading.inHand.keys(), ...byResult]);
  const targets = queue.workerKeys.resolve([...keys], workers);
  if (!targets.ok) return failure({ reason: targets.error, mayPass: true });
  return conclude(queue, { ...found.value, reading, targets: targets.value, workers, atMs: context.now() });
}

function withoutEmptyWorkers(queue: Queue, reading: StatsReading): StatsReading {
  queue.sawWorkers ||= reading.workers !== null && reading.workers.size > 0;
  return queue.sawWorkers ? reading : { ...reading, workers: null };
}

function conclude(queue: Queue, seen: Seen): Outcome<readonly Observation[], NotSeen> {
  const increments = queue.counters.advance(seen.reading);
  if (increments.implausible !== null) return failure({ reason: `${queue.source.place}: ${increments.implausible}`, mayPass: false });
  queue.goodAtMs = seen.atMs;
  const news = seen.results === null ? null : queue.recentResults.advance(seen.results, seen.workers.length);
  const poison = (news?.poison ?? []).map((found) => poisonObservation(queue.settings.name, seen, found));
  const told = observationsOf(queue.settings.name, seen, { increments, byResult: news?.byWorker ?? null });
  return success([...queue.eyesight.sees(null, seen.atMs), ...told, ...poison]);
}
