import { failure, success, type Outcome } from "../../core/outcome.ts";
import { clip, describe, isObject, lookUp, readAge, readCount, type JsonObject } from "./json-fields.ts";
import type { Counts, StatsReading } from "./queue-reading.ts";

/** What the server calls each figure, where it differs. */
export type FieldNames = Readonly<Partial<Record<StatsField, string | undefined>>>;

export const STATS_FIELDS = ["total", "pending", "running", "completed", "failed", "workers", "oldest_age_seconds"] as const;
type StatsField = (typeof STATS_FIELDS)[number];

const WORKER_FIELDS: readonly StatsField[] = ["running", "completed", "failed"];
const WORKERS_MAX = 10_000;
const NAMES_SHOWN = 8;

export function readStats(body: unknown, names: FieldNames): Outcome<StatsReading, string> {
  if (!isObject(body)) return failure(`expected an object with figures, got ${describe(body)}`);
  const [total, pending] = [readCount(...fieldOf(body, names, "total")), readCount(...fieldOf(body, names, "pending"))];
  if (!total.ok) return total;
  if (!pending.ok) return pending;
  const running = readRunning(body, names, "");
  if (!running.ok) return running;
  const oldest = readAge(...fieldOf(body, names, "oldest_age_seconds"));
  if (!oldest.ok) return oldest;
  const totals = readCounts(body, names, "");
  if (!totals.ok) return totals;
  const workers = readWorkers(lookUp(body, names.workers ?? "workers"), names);
  if (!workers.ok) return workers;
  const missing = missingField(body, names, workers.value !== null);
  if (missing !== null) return failure(`no field "${names[missing]}" (fields: ${missing})`);
  const told = [pending, running, oldest, totals, workers].some(({ value }) => value !== null);
  if (!told) return failure(`none of ${STATS_FIELDS.join(", ")} is there; it has ${keysOf(body)} (map names with fields:)`);
  const { counts, inHand } = workers.value ?? { counts: null, inHand: new Map<string, number>() };
  const depth = { pending: pending.value, running: running.value, oldestMs: oldest.value };
  return success({ ...depth, totals: totals.value, workers: counts, inHand });
}

/** A field the configuration names must be there; outcome figures may be in the workers' entries only. */
function missingField(body: JsonObject, names: FieldNames, hasWorkers: boolean): StatsField | null {
  const mapped = STATS_FIELDS.filter((field) => lookUp(body, names[field] ?? field) === undefined && names[field] !== undefined);
  return mapped.find((field) => !hasWorkers || !WORKER_FIELDS.includes(field)) ?? null;
}

function fieldOf(object: JsonObject, names: FieldNames, field: StatsField): readonly [value: unknown, place: string] {
  const name = names[field] ?? field;
  return [lookUp(object, name), name];
}

/** A number, or the list of what is running. */
function readRunning(object: JsonObject, names: FieldNames, prefix: string): Outcome<number | null, string> {
  const name = names.running ?? (Object.hasOwn(object, "running") ? "running" : "inflight");
  const value = lookUp(object, name);
  return Array.isArray(value) ? success(value.length) : readCount(value, prefix + name);
}

/** Both or neither: with only one of them every success rate would be 0 % or 100 %. */
function readCounts(object: JsonObject, names: FieldNames, prefix: string): Outcome<Counts | null, string> {
  const [completedName, failedName] = [names.completed ?? "completed", names.failed ?? "failed"];
  const completed = readCount(lookUp(object, completedName), prefix + completedName);
  const failed = readCount(lookUp(object, failedName), prefix + failedName);
  if (!completed.ok) return completed;
  if (!failed.ok) return failed;
  if (completed.value === null && failed.value === null) return success(null);
  if (completed.value !== null && failed.value !== null) return success({ completed: completed.value, failed: failed.value });
  const [there, lacks, field] = completed.value === null ? [failedName, completedName, "completed"] : [completedName, failedName, "failed"];
  return failure(`${prefix}${there} is there, but ${prefix}${lacks} is not (if it has another name, say so with fields: {${field}: …})`);
}

/**
 * A map from worker key to figures, or a list of objects with an id. A count, a list of names, or entries without any
 * figures say nothing of single workers: totals only.
 */
function readWorkers(value: unknown, names: FieldNames): Outcome<WorkerFigures | null, string> {
  if (value === undefined || value === null) return success(null);
  if (!Array.isArray(value) && !isObject(value)) {
    const count = readCount(value, names.workers ?? "workers");
    return count.ok ? success(null) : failure(`${count.error}, or a map from worker to figures`);
  }
  const entries = Array.isArray(value) ? keyedEntries(value) : success(Object.entries(value));
  if (!entries.ok) return entries;
  if (entries.value.length > WORKERS_MAX) return failure(`workers: got ${entries.value.length}, expected at most ${WORKERS_MAX}`);
  return readFigures(entries.value, names);
}

type KeyedEntries = readonly (readonly [key: string, value: unknown])[];

function keyedEntries(list: readonly unknown[]): Outcome<KeyedEntries, string> {
  const keys = new Set<string>();
  const entries: (readonly [string, unknown])[] = [];
  for (const [index, entry] of list.entries()) {
    if (!isObject(entry)) continue; // a list of names is a count
    const key = entry["id"] ?? entry["name"] ?? entry["worker"] ?? entry["worker_id"];
    if (typeof key !== "string" && typeof key !== "number")
      return failure(`workers[${index}]: expected an id, a name or a worker that is text or a number`);
    if (keys.has(String(key))) return failure(`workers[${index}]: ${describe(key)} is there twice, expected each worker once`);
    keys.add(String(key));
    entries.push([String(key), entry]);
  }
  return success(entries);
}

interface WorkerFigures {
  readonly counts: Map<string, Counts>;
  readonly inHand: Map<string, number>;
}

function readFigures(entries: KeyedEntries, names: FieldNames): Outcome<WorkerFigures | null, string> {
  const own: FieldNames = { completed: plainName(names.completed), failed: plainName(names.failed), running: plainName(names.running) };
  const figures: WorkerFigures = { counts: new Map(), inHand: new Map() };
  for (const [key, entry] of entries) {
    if (!isObject(entry)) continue;
    const prefix = `workers.${clip(key)}.`;
    const counts = readCounts(entry, own, prefix);
    if (!counts.ok) return counts;
    const running = readRunning(entry, own, prefix);
    if (!running.ok) return running;
    if (counts.value === null) continue;
    figures.counts.set(key, counts.value);
    if (running.value !== null) figures.inHand.set(key, running.value);
  }
  return success(figures.counts.size > 0 || entries.length === 0 ? figures : null);
}

/** With `fields: {completed: jobs.done}` a worker's own entry is expected to say `done`. */
function plainName(name: string | undefined): string | undefined {
  return name?.slice(name.lastIndexOf(".") + 1);
}

function keysOf(body: JsonObject): string {
  const keys = Object.keys(body);
  if (keys.length === 0) return "nothing";
  return keys.slice(0, NAMES_SHOWN).map(clip).join(", ") + (keys.length > NAMES_SHOWN ? ", …" : "");
}
