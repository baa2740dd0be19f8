import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { Finished } from "./counters.ts";
import { createPoisonTasks, type PoisonTask } from "./poison-tasks.ts";
import { describe, isObject, lookUp, type JsonObject } from "./json-fields.ts";
import { BAD, ENDED_BY_WILL, GOOD, IN_HAND, WAITING } from "./status-words.ts";

/** One finished task of a server that lists recent results. */
export interface Result {
  readonly id: string;
  /** What was tried: the same over several tries, of which each may have an id of its own. */
  readonly task: string;
  /** Worker key; null = finished without ever having had a worker. */
  readonly worker: string | null;
  readonly ok: boolean;
}

export type ResultNames = Readonly<Partial<Record<ResultField, string | undefined>>>;

export const RESULT_FIELDS = ["results", "id", "task", "worker", "success", "status"] as const;
type ResultField = (typeof RESULT_FIELDS)[number];

const IDS_KEPT = 10_000;
const ID_LENGTH_MAX = 200;

/** A list, or `{results: [...]}`. Items that are not finished are left out. */
export function readResults(body: unknown, names: ResultNames): Outcome<readonly Result[], string> {
  const list = isObject(body) ? lookUp(body, names.results ?? "results") : body;
  if (!Array.isArray(list))
    return failure(`expected a list of results, or {results: [...]}, got ${describe(isObject(body) ? list : body)}`);
  if (list.length > IDS_KEPT) return failure(`got ${list.length} results, expected the most recent ones, at most ${IDS_KEPT}`);
  const results: Result[] = [];
  for (const [index, item] of list.entries()) {
    const result = isObject(item) ? readResult(item, names) : failure(`got ${describe(item)}, expected an object`);
    if (!result.ok) return failure(`results[${index}]: ${result.error}`);
    if (result.value !== null) results.push(result.value);
  }
  if (results.length > 0 && results.every(({ worker }) => worker === null)) {
    return failure(`no result says which worker it is from (expected ${names.worker ?? "worker or worker_id"})`);
  }
  return success(results);
}

function readResult(item: JsonObject, names: ResultNames): Outcome<Result | null, string> {
  const id = lookUp(item, names.id ?? "id");
  if ((typeof id !== "string" && typeof id !== "number") || String(id).length > ID_LENGTH_MAX) {
    return failure(`${names.id ?? "id"}: got ${describe(id)}, expected a text or a number of at most ${ID_LENGTH_MAX} characters`);
  }
  const ok = readSuccess(item, names);
  if (!ok.ok) return ok;
  if (ok.value === null) return success(null);
  const worker = lookUp(item, names.worker ?? "worker") ?? (names.worker === undefined ? lookUp(item, "worker_id") : undefined) ?? null;
  if (worker !== null && typeof worker !== "string" && typeof worker !== "number") {
    return failure(`${names.worker ?? "worker"}: got ${describe(worker)}, expected a text or a number`);
  }
  const task = lookUp(item, names.task ?? "task_id");
  const isNamed = (typeof task === "string" || typeof task === "number") && String(task).length <= ID_LENGTH_MAX;
  return success({
    id: String(id),
    task: isNamed ? String(task) : String(id),
    worker: worker === null ? null : String(worker),
    ok: ok.value,
  });
}

/** null = not finished, or ended by somebody's will. */
function readSuccess(item: JsonObject, names: ResultNames): Outcome<boolean | null, string> {
  const value = lookUp(item, names.success ?? "success");
  if (typeof value === "boolean") return success(value);
  if (value !== undefined && value !== null)
    return failure(`${names.success ?? "success"}: got ${describe(value)}, expected true or false`);
  const status = lookUp(item, names.status ?? "status");
  const word = typeof status === "string" ? status.toLowerCase() : "";
  if (GOOD.includes(word)) return success(true);
  if (BAD.includes(word)) return success(false);
  if ([...WAITING, ...IN_HAND].includes(word) || ENDED_BY_WILL.includes(word)) return success(null);
  const expected = `success: true or false, or a status such as ${GOOD[0]} or ${BAD[0]}`;
  return failure(`${names.status ?? "status"}: got ${describe(status)}, expected ${expected}`);
}

export interface RecentResults {
  /** What the results not seen before say. `workers`: how many share the queue. */
  advance(results: readonly Result[], workers: number): NewResults;
  forget(): void;
}

export interface NewResults {
  /** Outcomes by worker key; null = a baseline. */
  readonly byWorker: ReadonlyMap<string, Finished> | null;
  /** Tasks that turned out to be at fault themselves. */
  readonly poison: readonly PoisonTask[];
}

/**
 * Remembers the ids of the last 10,000 results, so that each counts once however often it is listed. Ids still listed
 * are refreshed, and no list is longer than the memory: an id cannot be forgotten while it can come back. Another try of a task under
 * the same id counts for nobody; it only tells which workers the task fails on.
 */
export function createRecentResults(): RecentResults {
  const [seen, tries] = [new Set<string>(), new Set<string>()];
  const poisonTasks = createPoisonTasks();
  let baseline = true;
  return {
    advance(results, workers) {
      const fresh = new Set(results.filter(({ id }) => remember(seen, id)));
      const newTries = results.filter(({ id, worker, ok }) => remember(tries, JSON.stringify([id, worker, ok])));
      for (const set of [seen, tries]) for (const key of set) if (set.size > IDS_KEPT) set.delete(key);
      const first = baseline;
      baseline = false;
      const { counted, found } = poisonTasks.sift(newTries, workers);
      return { byWorker: first ? null : byWorker(counted.filter((result) => fresh.has(result))), poison: found };
    },
    forget() {
      baseline = true;
    },
  };
}

/** True when the id is new. Sets keep the order of insertion: the front is what was not listed for longest. */
function remember(seen: Set<string>, id: string): boolean {
  const known = seen.delete(id);
  seen.add(id);
  return !known;
}

function byWorker(results: readonly Result[]): ReadonlyMap<string, Finished> {
  const finished = new Map<string, Finished>();
  for (const { worker, ok } of results) {
    if (worker === null) continue;
    const before = finished.get(worker) ?? { ok: 0, failed: 0 };
    finished.set(worker, { ok: before.ok + (ok ? 1 : 0), failed: before.failed + (ok ? 0 : 1) });
  }
  return finished;
}
