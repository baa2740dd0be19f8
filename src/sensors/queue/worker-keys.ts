import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { TargetId } from "../../core/observation.ts";
import type { WatchedWorker } from "../sensor.ts";
import { clip } from "./json-fields.ts";

/** How the keys of a queue server name workers: `name`, `name-instance`, `pm_id`, `pid` or `env.NAME`. */
export type WorkerKey = "name" | "name-instance" | "pm_id" | "pid" | `env.${string}`;

/** Tried where the configuration does not say. An environment's variable is never guessed. */
const GUESSES: readonly WorkerKey[] = ["name", "name-instance", "pm_id", "pid"];
const SHOWN_MAX = 4;

export type KeyedTargets = ReadonlyMap<string, TargetId>;

export interface WorkerKeys {
  /** Which worker each key means. Keys of workers that are gone, or another host's, are left out. A failure = hold. */
  resolve(keys: readonly string[], workers: readonly WatchedWorker[]): Outcome<KeyedTargets, string>;
}

/**
 * With a configured key, every key that names exactly one worker counts. Without one, the one reading under which all
 * keys name workers one to one; once found it is kept, so that the key of a worker deleted later does no harm.
 */
export function createWorkerKeys(configured: WorkerKey | null): WorkerKeys {
  let settled: WorkerKey | null = null;
  return {
    resolve(keys, workers) {
      if (keys.length === 0 || workers.length === 0) return success(new Map());
      if (configured !== null) return asConfigured(configured, keys, workers);
      const kept = settled === null ? null : matched(settled, keys, workers).targets;
      if (kept !== null && kept.size > 0) return success(kept);
      const guessed = guess(keys, workers);
      settled = guessed.ok ? guessed.value.by : null;
      return guessed.ok ? success(guessed.value.targets) : guessed;
    },
  };
}

/** The variables of the workers' environment that a configured key needs. */
export function envNamesOf(key: WorkerKey | undefined): readonly string[] {
  return key?.startsWith("env.") === true ? [key.slice("env.".length)] : [];
}

function asConfigured(by: WorkerKey, keys: readonly string[], workers: readonly WatchedWorker[]): Outcome<KeyedTargets, string> {
  const { targets, shared } = matched(by, keys, workers);
  const [ambiguous] = shared;
  if (ambiguous !== undefined) {
    const several = ambiguous.workers.map(({ id }) => id);
    return failure(`worker_key: ${by} does not tell ${listed(several)} apart ("${clip(ambiguous.key)}" means each of them)`);
  }
  if (targets.size > 0) return success(targets);
  const expected = workers.flatMap((worker) => valueOf(by, worker) ?? []);
  const known = expected.length === 0 ? `no watched worker has ${by}` : `the watched workers' are ${listed(expected)}`;
  return failure(`none of its worker keys ${quoted(keys)} is a ${by}; ${known}`);
}

function guess(
  keys: readonly string[],
  workers: readonly WatchedWorker[],
): Outcome<{ readonly by: WorkerKey; readonly targets: KeyedTargets }, string> {
  const tries = GUESSES.map((by) => ({ by, targets: matched(by, keys, workers).targets }));
  const fitting = tries.filter(({ targets }) => targets.size === keys.length);
  const [first, ...others] = fitting;
  if (first === undefined) {
    const counts = tries.map(({ by, targets }) => `${by} ${targets.size} of ${keys.length}`).join(", ");
    const ids = workers.map(({ id }) => id);
    return failure(`it is not clear which workers its keys ${quoted(keys)} mean (${counts}; watched: ${listed(ids)}): set worker_key`);
  }
  // Two readings that lead to the same workers do not contradict each other.
  const rival = others.find(({ targets }) => keys.some((key) => targets.get(key) !== first.targets.get(key)));
  if (rival === undefined) return success(first);
  return failure(`its worker keys ${quoted(keys)} fit both ${first.by} and ${rival.by}, which name different workers: set worker_key`);
}

interface Matched {
  readonly targets: KeyedTargets;
  /** Keys that several workers answer to. */
  readonly shared: readonly { readonly key: string; readonly workers: readonly WatchedWorker[] }[];
}

function matched(by: WorkerKey, keys: readonly string[], workers: readonly WatchedWorker[]): Matched {
  const byValue = new Map<string, WatchedWorker[]>();
  for (const worker of workers) {
    const value = valueOf(by, worker);
    if (value !== undefined) byValue.set(value, [...(byValue.get(value) ?? []), worker]);
  }
  const targets = new Map<string, TargetId>();
  const shared: { key: string; workers: readonly WatchedWorker[] }[] = [];
  for (const key of keys) {
    const [worker, another] = byValue.get(key) ?? [];
    if (another !== undefined) shared.push({ key, workers: byValue.get(key) ?? [] });
    else if (worker !== undefined) targets.set(key, worker.id);
  }
  return { targets, shared };
}

function valueOf(by: WorkerKey, { row }: WatchedWorker): string | undefined {
  switch (by) {
    case "name":
      return row.name;
    case "name-instance":
      return `${row.name}-${row.instance}`;
    case "pm_id":
      return String(row.pmId);
    case "pid":
      return row.pid === null ? undefined : String(row.pid);
    default:
      return envValue(by.slice("env.".length), row.env);
  }
}

function envValue(name: string, env: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

function quoted(keys: readonly string[]): string {
  return listed(keys.map((key) => `"${clip(key)}"`));
}

function listed(texts: readonly string[]): string {
  return texts.slice(0, SHOWN_MAX).join(", ") + (texts.length > SHOWN_MAX ? `, and ${texts.length - SHOWN_MAX} more` : "");
}
