import { prometheusQueue } from "./prometheus-queue.ts";
import type { QueueKind } from "./queue-kind.ts";
import { httpQueue } from "./queue-stats.ts";

/** Every kind of queue there is. Adding one: its file, and a line here. */
export const QUEUE_KINDS: readonly QueueKind[] = [httpQueue, prometheusQueue];

/** Kinds that `interface.md` promises and this version lacks; `check` says so instead of "unknown". */
export const QUEUE_KINDS_NOT_YET: readonly string[] = ["bullmq"];
