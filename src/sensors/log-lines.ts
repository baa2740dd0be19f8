import { z } from "zod";
import type { Observation, TargetId } from "../core/observation.ts";
import { parseTextPattern } from "../core/text-pattern.ts";
import { createLineCounter, type LineCounter } from "../world/patterns/bounded-match.ts";
import { LogReader } from "./log-reader.ts";
import type { ProbeRule } from "./probe-rounds.ts";
import { createEyesight, type Eyesight, type Sensor, type SensorContext, type WatchedWorker } from "./sensor.ts";

const EVERY_MS = 2_000;
const TIMEOUT_MS = 5_000;
const READING_MS_MAX = 1_000; // whoever is left out then comes first the next time
const KIB = 1024;
/** What is read of one log in a reading: a share of what is read of all. */
const LOG_BYTES = { min: 64 * KIB, max: 1024 * KIB, ofAll: 8192 * KIB };

const Params = z.object({ pattern: z.string(), stream: z.enum(["out", "err", "both"]) });

/** What is known of one worker's logs. */
interface Watch {
  readonly readers: ReadonlyMap<string, LogReader>;
  /** When it was last looked at: what is read the next time was written since. */
  readonly lookedAtMs: number;
}

interface Reading {
  readonly rule: ProbeRule;
  readonly stream: z.infer<typeof Params>["stream"];
  readonly counter: LineCounter;
  readonly eyesight: Eyesight;
  readonly watches: Map<TargetId, Watch>;
  readonly context: SensorContext;
  /** Who writes which file. */
  readonly writers: ReadonlyMap<string, ReadonlySet<TargetId>>;
  readonly bytesMax: number;
}

/**
 * Counts the lines of each worker's log that hold the pattern of one rule. Reads the files PM2 writes, which costs its daemon
 * nothing, instead of its bus, which brings every line of every worker. The first look is at the end of a file: what stands there
 * already is no evidence. A file that several workers write is nobody's, and the sensor blind for all of them.
 */
export function createLogLinesSensor(rule: ProbeRule): Sensor {
  const { pattern, stream } = Params.parse(rule.params);
  const name = `${rule.key}:${rule.strategy}`;
  const own = { rule, stream, counter: counterFor(pattern), eyesight: createEyesight(name), watches: new Map<TargetId, Watch>() };
  return {
    name,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    async read(context) {
      const workers = context.workers.filter(({ strategy, row }) => strategy === rule.strategy && row.pid !== null);
      const ids = new Set(workers.map(({ id }) => id));
      for (const id of own.watches.keys()) if (!ids.has(id)) own.watches.delete(id);
      const reading: Reading = { ...own, context, writers: writersOf(context.workers), bytesMax: shareOf(workers.length, stream) };
      const observations = [...own.eyesight.looksOnlyAt(ids, context.now())];
      const endMs = context.now() + READING_MS_MAX;
      for (const worker of leastRecentFirst(workers, own.watches)) {
        if (context.signal.aborted || context.now() > endMs) break;
        observations.push(...(await readWorker(reading, worker)));
      }
      return observations;
    },
  };
}

/** The schema of the rule has tried it. */
function counterFor(written: string): LineCounter {
  const pattern = parseTextPattern(written);
  if (!pattern.ok) throw new Error(pattern.error);
  return createLineCounter(pattern.value);
}

function shareOf(workers: number, stream: Reading["stream"]): number {
  const logs = workers * (stream === "both" ? 2 : 1);
  return Math.min(LOG_BYTES.max, Math.max(LOG_BYTES.min, LOG_BYTES.ofAll / Math.max(1, logs)));
}

function leastRecentFirst(workers: readonly WatchedWorker[], watches: ReadonlyMap<TargetId, Watch>): readonly WatchedWorker[] {
  const lookedAt = ({ id }: WatchedWorker): number => watches.get(id)?.lookedAtMs ?? 0;
  return workers.toSorted((one, other) => lookedAt(one) - lookedAt(other));
}

/** Also of workers of other strategies, and of those that do not run now. */
function writersOf(workers: readonly WatchedWorker[]): ReadonlyMap<string, ReadonlySet<TargetId>> {
  const writers = new Map<string, Set<TargetId>>();
  for (const { id, row } of workers) {
    for (const path of [row.logs.out, row.logs.err]) if (path !== null) writers.set(path, (writers.get(path) ?? new Set()).add(id));
  }
  return writers;
}

async function readWorker(reading: Reading, worker: WatchedWorker): Promise<readonly Observation[]> {
  const { rule, counter, eyesight, watches, context, bytesMax } = reading;
  const { id } = worker;
  const before = watches.get(id);
  const atMs = context.now();
  const files = filesOf(worker, reading.stream);
  const why = whyNotRead(reading, files);
  const readers = new Map(files.map((path) => [path, before?.readers.get(path) ?? new LogReader(path)]));
  watches.set(id, { readers: why === null ? readers : new Map(), lookedAtMs: atMs });
  if (why !== null) return [eyesight.blind(id, atMs, why)];
  let [lines, skippedBytes, blind]: [number, number, string | null] = [0, 0, null];
  for (const reader of readers.values()) {
    const look = await reader.look(counter, bytesMax, context.signal);
    if (!look.ok) blind ??= look.error;
    lines += look.ok ? look.value.lines : 0;
    skippedBytes += look.ok ? look.value.skippedBytes : 0;
  }
  const seen: Observation = { kind: "log-lines", target: id, rule: rule.key, atMs: before?.lookedAtMs ?? atMs, lines, skippedBytes };
  if (blind === null) return [...eyesight.sees(id, atMs), seen];
  return lines === 0 ? [eyesight.blind(id, atMs, blind)] : [seen, eyesight.blind(id, atMs, blind)];
}

/** Standard output and error may go to one file, which is read once. */
function filesOf({ row: { logs } }: WatchedWorker, stream: Reading["stream"]): readonly string[] {
  const paths = [stream === "err" ? null : logs.out, stream === "out" ? null : logs.err];
  return [...new Set(paths.filter((path) => path !== null))];
}

function whyNotRead({ writers }: Reading, files: readonly string[]): string | null {
  if (files.length === 0) return "PM2 writes no log of it";
  const shared = files.find((path) => (writers.get(path)?.size ?? 0) > 1);
  if (shared === undefined) return null;
  const ids = [...(writers.get(shared) ?? [])];
  const who = ids.length === 2 ? ids.join(" and ") : `${ids[0]} and ${ids.length - 1} more`;
  return `${who} write one log, ${shared}, and nobody can tell whose a line is`;
}
