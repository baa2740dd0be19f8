import type { Job } from "bullmq";
import type { OpenQueue } from "./connection.ts";
import type { EventStream, FinishedEvents, FinishedTasks } from "./finished-events.ts";

/** What one look at a queue found. */
export interface BullmqFigures {
  /** Tasks that a worker could take now: of a queue that is paused, or that its workers were told to leave alone for a while, none. */
  readonly pending: number;
  readonly running: number;
  /** How long the task has waited that is next; null = nothing waits, or nobody can say. */
  readonly oldestMs: number | null;
  /** Since healer began to watch; null = nobody can say. */
  readonly finished: FinishedTasks | null;
}

/** The world is fine, but this is no queue that can be read. */
export class NotReadable extends Error {
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean) {
    super(message);
    this.mayPass = mayPass;
  }
}

/** Only reads. Rejects with what Redis said, or with `NotReadable`. */
export async function readFigures(open: OpenQueue, events: FinishedEvents): Promise<BullmqFigures> {
  await refuseOldMarkers(open);
  const [meta, isHeldOff] = await Promise.all([open.queue.getMeta(), isRateLimitedByHand(open)]);
  const stream = streamOf(open);
  const counts = await open.queue.getJobCounts();
  const isKnown = meta.version !== undefined || Object.values(counts).some((count) => count > 0) || (await stream.ends()) !== null;
  if (!isKnown) throw new NotReadable("there is no such queue; expected the name and the prefix that its workers use", true);
  const finished = await events.advance(stream);
  const { waiting = 0, prioritized = 0, active = 0 } = counts;
  const pending = meta.paused || isHeldOff ? 0 : waiting + prioritized;
  const oldestMs = pending === 0 ? null : await ageOfNext(open, waiting > 0 ? "waiting" : "prioritized");
  return { pending, running: active, oldestMs, finished };
}

/**
 * BullMQ 4 and older kept markers among the waiting tasks, and the newer one's own ways of looking there remove them. Whoever
 * only watches may not.
 */
async function refuseOldMarkers({ queue, redis }: OpenQueue): Promise<void> {
  const lasts = await Promise.all(["wait", "paused"].map((list) => redis.lindex(queue.toKey(list), -1)));
  if (lasts.some((last) => last?.startsWith("0:") === true))
    throw new NotReadable("BullMQ 4 or older works on this queue; expected BullMQ 5 or later", false);
}

/**
 * `worker.rateLimit(ms)` stops all workers of the queue for so long: tasks wait and none is finished, as it should be. BullMQ's own
 * question for it (`getRateLimitTtl`) removes a limit that is just over, hence the key itself; such a limit is the largest count there is.
 */
async function isRateLimitedByHand({ queue, redis }: OpenQueue): Promise<boolean> {
  return Number(await redis.get(queue.toKey("limiter"))) === Number.MAX_SAFE_INTEGER;
}

function streamOf({ queue, redis }: OpenQueue): EventStream {
  const key = queue.toKey("events");
  return {
    async ends() {
      const [[first], [last]] = await Promise.all([redis.xrange(key, "-", "+", "COUNT", 1), redis.xrevrange(key, "+", "-", "COUNT", 1)]);
      return first === undefined || last === undefined ? null : { firstId: first[0], lastId: last[0] };
    },
    after: async (id, count) => (await redis.xread("COUNT", count, "STREAMS", key, id))?.[0]?.[1] ?? [],
  };
}

/**
 * A task waits from when it was made, or from when its delay was over. Of one that was taken before (a retry, a stall) and of
 * the parent of others nobody knows since when it waits again, and a time that is too long would be a false alarm.
 */
async function ageOfNext({ queue }: OpenQueue, state: "waiting" | "prioritized"): Promise<number | null> {
  const [job] = await queue.getJobs([state], 0, 0, true);
  if (job === undefined || job.attemptsStarted > 0 || (await hasChildren(job))) return null;
  const sinceMs = job.timestamp + (job.opts.delay ?? 0);
  return Number.isFinite(sinceMs) ? Math.max(0, Date.now() - sinceMs) : null;
}

async function hasChildren(job: Job): Promise<boolean> {
  const counts = Object.values(await job.getDependenciesCount());
  return counts.some((count) => count > 0);
}
