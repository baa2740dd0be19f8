/** The figures healer reads: counts since the server's start. `completed` are the tasks that succeeded. */
export interface QueueStats {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly workers: Readonly<Record<string, { readonly completed: number; readonly failed: number; readonly running: number }>>;
}

export interface TaskQueue {
  /** The new task's id; null when the queue is full. */
  enqueue(): number | null;
  /** The oldest pending task, or null. A worker has one task at a time: an older one it left behind goes back first. */
  claim(worker: string): number | null;
  /** False when that worker does not hold that task (any more). */
  complete(done: { readonly id: number; readonly worker: string; readonly ok: boolean }): boolean;
  /** null = no such task, or it ended long ago. */
  look(id: number): TaskLook | null;
  stats(): QueueStats;
}

export interface TaskLook {
  readonly id: number;
  readonly status: "pending" | "running" | "completed" | "failed";
  readonly worker: string | null;
}

export interface TaskQueueOptions {
  /** Any clock that does not jump, ms. */
  readonly now: () => number;
  /** A claimed task that nobody completed for so long goes back to the others; its worker hangs or is dead. */
  readonly leaseMs?: number;
  readonly pendingMax?: number;
}

const LEASE_MS = 10_000; // thirty times what a task takes
const PENDING_MAX = 500;
const ENDED_KEPT = 1000; // long enough for whoever asks for the result of a task
export const WORKERS_MAX = 1000; // later names are refused a task: an invented name must not eat the server's memory

/** A task queue in memory: tasks without content, outcomes by worker. */
export function createTaskQueue(options: TaskQueueOptions): TaskQueue {
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const pendingMax = options.pendingMax ?? PENDING_MAX;
  const pending: number[] = [];
  const held = new Map<string, { readonly id: number; readonly untilMs: number }>();
  const outcomes = new Map<string, { completed: number; failed: number }>();
  const ended = new Map<number, TaskLook>();
  let total = 0;

  /** Tasks of workers that vanished go to the front: they have waited longest. */
  const giveBack = (gone: (worker: string, untilMs: number) => boolean): void => {
    for (const [worker, { id, untilMs }] of held) {
      if (!gone(worker, untilMs)) continue;
      held.delete(worker);
      pending.unshift(id);
    }
  };
  return {
    enqueue() {
      if (pending.length >= pendingMax) return null;
      pending.push(++total);
      return total;
    },
    claim(worker) {
      const nowMs = options.now();
      giveBack((name, untilMs) => name === worker || untilMs <= nowMs);
      if (!outcomes.has(worker) && outcomes.size >= WORKERS_MAX) return null;
      const id = pending.shift();
      if (id === undefined) return null;
      if (!outcomes.has(worker)) outcomes.set(worker, { completed: 0, failed: 0 });
      held.set(worker, { id, untilMs: nowMs + leaseMs });
      return id;
    },
    complete({ id, worker, ok }) {
      const counts = outcomes.get(worker);
      if (counts === undefined || held.get(worker)?.id !== id) return false;
      held.delete(worker);
      const status = ok ? "completed" : "failed";
      counts[status] += 1;
      ended.set(id, { id, status, worker });
      for (const oldest of ended.keys()) if (ended.size > ENDED_KEPT) ended.delete(oldest);
      return true;
    },
    look(id) {
      const holder = [...held].find(([, task]) => task.id === id)?.[0];
      if (holder !== undefined) return { id, status: "running", worker: holder };
      return pending.includes(id) ? { id, status: "pending", worker: null } : (ended.get(id) ?? null);
    },
    stats: () => summed(total, pending.length, held, outcomes),
  };
}

function summed(
  total: number,
  pending: number,
  held: ReadonlyMap<string, unknown>,
  outcomes: ReadonlyMap<string, { readonly completed: number; readonly failed: number }>,
): QueueStats {
  const counts = [...outcomes.values()];
  return {
    total,
    pending,
    running: held.size,
    completed: counts.reduce((sum, { completed }) => sum + completed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
    workers: Object.fromEntries([...outcomes].map(([name, each]) => [name, { ...each, running: held.has(name) ? 1 : 0 }])),
  };
}
