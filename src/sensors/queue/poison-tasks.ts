import type { Result } from "./recent-results.ts";

/** A task at fault, and the worker keys it failed on. */
export interface PoisonTask {
  readonly task: string;
  readonly workers: readonly string[];
}

export interface PoisonTasks {
  /**
   * Takes in results not seen before, in the order in which they are listed. `counted`: those that say something of their worker.
   * `found`: tasks that turned out to be poison by them.
   */
  sift(results: readonly Result[], workers: number): { readonly counted: readonly Result[]; readonly found: readonly PoisonTask[] };
}

const WORKERS_MIN = 3;
const TASKS_KEPT = 10_000;

/** What is remembered of a task that failed: who failed it, and who did others well right before and right after. */
interface Failed {
  readonly on: Set<string>;
  readonly alone: Set<string>;
  isPoison: boolean;
}

/** Of a worker: how its newest result of another task ended, and the failure that is alone if its next one is good. */
interface Lately {
  ok: boolean;
  task: string;
  pending: string | null;
}

/**
 * Tells a task that fails wherever it is tried from workers that fail whatever they try: it is at fault once it has failed on three
 * workers (both, where there are two), each of which did another task well right before it and right after it. While something is
 * wrong with the workers, or with what they depend on, their failures stand side by side and nothing is concluded. A task that
 * succeeds after all is forgotten.
 *
 * A task counts against a worker once, however often that worker tries it: tries of one task are no evidence of their own. Once it is
 * known to be poison it counts against nobody.
 */
export function createPoisonTasks(): PoisonTasks {
  const tasks = new Map<string, Failed>();
  const lately = new Map<string, Lately>();
  return {
    sift(results, workers) {
      const counted: Result[] = [];
      const found: PoisonTask[] = [];
      const needed = Math.min(WORKERS_MIN, Math.max(2, workers));
      for (const result of results) {
        if (isEvidence(tasks, result)) counted.push(result);
        if (result.worker === null) continue;
        const alone = note(tasks, lately, { ...result, worker: result.worker });
        const failed = alone === null ? undefined : tasks.get(alone);
        if (alone === null || failed === undefined || failed.isPoison || failed.alone.size < needed) continue;
        failed.isPoison = true;
        found.push({ task: alone, workers: [...failed.alone] });
      }
      for (const map of [tasks, lately]) for (const key of map.keys()) if (map.size > TASKS_KEPT) map.delete(key);
      return { counted, found };
    },
  };
}

function isEvidence(tasks: ReadonlyMap<string, Failed>, { task, worker, ok }: Result): boolean {
  const failed = tasks.get(task);
  return ok || failed === undefined || !(failed.isPoison || (worker !== null && failed.on.has(worker)));
}

/** The task whose failure on this worker turns out to have been alone by this result; null = none. */
function note(
  tasks: Map<string, Failed>,
  lately: Map<string, Lately>,
  { task, worker, ok }: Result & { readonly worker: string },
): string | null {
  const before = lately.get(worker);
  if (ok) tasks.delete(task);
  else remember(tasks, task).on.add(worker);
  const isRetry = before?.pending === task && !ok;
  if (isRetry) return null;
  const alone = ok && before?.pending != null && before.pending !== task ? before.pending : null;
  if (alone !== null) tasks.get(alone)?.alone.add(worker);
  lately.delete(worker); // to the end of the line
  lately.set(worker, { ok, task, pending: !ok && before?.ok === true ? task : null });
  return alone;
}

function remember(tasks: Map<string, Failed>, task: string): Failed {
  const failed = tasks.get(task) ?? { on: new Set(), alone: new Set(), isPoison: false };
  tasks.delete(task);
  tasks.set(task, failed);
  return failed;
}
