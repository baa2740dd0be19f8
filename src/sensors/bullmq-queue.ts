import { failure, success, type Outcome } from "../core/outcome.ts";
import { openBullmqQueue, type BullmqQueue } from "../world/bullmq/bullmq-queue.ts";
import { missingBullmqPackages } from "../world/bullmq/packages.ts";
import type { BullmqFigures } from "../world/bullmq/queue-figures.ts";
import { readRedisUrl } from "../world/bullmq/redis-address.ts";
import { publicUrl } from "../world/http/public-url.ts";
import { BullmqQueueParams } from "./queue/bullmq-queue-params.ts";
import type { QueueLook } from "./queue/queue-observations.ts";
import { createQueueSensor, type NotSeen } from "./queue/queue-sensor.ts";
import type { StatsReading } from "./queue/queue-reading.ts";
import type { QueueKind } from "./queue-kind.ts";

/** `queues: {emails: {type: bullmq, url: "redis://…", name: emails}}`: a queue of BullMQ, read in Redis. */
export const bullmqQueue = bullmqKind(openBullmqQueue, missingBullmqPackages);

/** With doors of one's own, for tests. */
export function bullmqKind(open: typeof openBullmqQueue, missing: () => string | null): QueueKind {
  return {
    type: "bullmq",
    summary: "a queue of BullMQ in Redis: what waits and runs, and what its workers together completed and failed",
    params: BullmqQueueParams,
    envNames: () => [],
    lacks: missing,
    create(params, settings) {
      const { url, name, prefix, timeout: timeoutMs, every: everyMs } = params as BullmqQueueParams;
      const address = readRedisUrl(url);
      if (!address.ok) throw new Error(`parameters that did not come out of their schema: ${address.error}`);
      const place = `${publicUrl(url)} ${prefix}:${name}`;
      const queue = open({ address: address.value, name, prefix, timeoutMs });
      const source = { look: (signal: AbortSignal) => look(queue, place, signal), close: () => queue.close() };
      return createQueueSensor({ ...source, timeoutMs, everyMs, workerKey: null, place }, settings);
    },
  };
}

async function look(queue: BullmqQueue, place: string, signal: AbortSignal): Promise<Outcome<QueueLook, NotSeen>> {
  const found = await queue.look(signal);
  if (!found.ok) return failure({ reason: `${place}: ${found.error.message}`, mayPass: found.error.mayPass });
  return success({ reading: readingOf(found.value), results: null, isSilenceNoData: true });
}

/** BullMQ's events do not name the worker, so the outcomes are the group's. */
function readingOf({ pending, running, oldestMs, finished }: BullmqFigures): StatsReading {
  return { pending, running, oldestMs, totals: finished, workers: null, inHand: new Map() };
}
