import { poisonOf } from "../core/poison.ts";
import type { State } from "../core/state.ts";
import type { QueueStatus } from "./status.ts";

export function queueStatuses(state: State, nowMs: number): readonly QueueStatus[] {
  return [...state.queues.values()].map(({ queue, pending, running, totals, atMs, totalsOnly }) => ({
    name: queue,
    pending,
    running,
    completed: totals?.completed ?? null,
    failed: totals?.failed ?? null,
    age_ms: Math.round(nowMs - atMs),
    totals_only: totalsOnly,
    poison_tasks: poisonOf(state, queue).map(({ task, workers, wallMs }) => ({ task, workers, since: new Date(wallMs).toISOString() })),
  }));
}
