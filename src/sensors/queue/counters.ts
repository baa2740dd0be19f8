import type { Counts, StatsReading } from "./queue-reading.ts";

/** Tasks finished since the previous reading. */
export interface Finished {
  readonly ok: number;
  readonly failed: number;
}

export interface Increments {
  /** Of the queue as a whole; null = this reading is a baseline. */
  readonly total: Finished | null;
  /** Of the workers that have a baseline; absent = first seen with this reading, or its count went down. */
  readonly workers: ReadonlyMap<string, Finished>;
  /** The counts go down so often that they cannot count since the server's start; the reason to be blind. */
  readonly implausible: string | null;
}

/**
 * Turns cumulative counts into evidence (decision-core §4.5): the first reading, the first after blindness and any
 * decrease are a baseline. When the totals go down the server began anew, and no worker's figure is comparable; when one
 * worker's figures go down, only that worker began anew.
 */
export interface Counters {
  advance(reading: StatsReading): Increments;
  /** What comes next is a baseline: nobody knows what happened meanwhile. */
  forget(): void;
}

const RECENT_READINGS = 30; // two and a half minutes
const DECREASES_MAX = 2; // servers restart, but not three times in thirty readings; counts of the last hour do go down that often
const IMPLAUSIBLE =
  "its counts went down three times in thirty readings; expected counts since the server's start, which only grow, not those of a window";

/** `implausible`: the reason to give where counts go down that often. */
export function createCounters(implausibleWords = IMPLAUSIBLE): Counters {
  let previous: StatsReading | null = null;
  let baseline = true;
  let decreases: boolean[] = [];
  return {
    advance(reading) {
      const before = previous;
      previous = reading;
      const total = before === null ? null : totalOf(before, reading);
      decreases = [...decreases, total === "decreased"].slice(-RECENT_READINGS);
      const implausible = decreases.filter(Boolean).length > DECREASES_MAX ? implausibleWords : null;
      const isBaseline = baseline;
      baseline = false;
      if (isBaseline || before === null || total === null || total === "decreased") return { total: null, workers: new Map(), implausible };
      return { total, workers: workersOf(before, reading), implausible };
    },
    forget() {
      baseline = true;
    },
  };
}

/** null = the queue does not say in both readings. Without totals the sum of the workers stands in. */
function totalOf(before: StatsReading, now: StatsReading): Finished | "decreased" | null {
  if (before.totals !== null && now.totals !== null) return difference(before.totals, now.totals);
  if (now.workers === null || before.workers === null) return null;
  const each = [...workersOf(before, now).values()];
  return { ok: sum(each.map(({ ok }) => ok)), failed: sum(each.map(({ failed }) => failed)) };
}

function workersOf(before: StatsReading, now: StatsReading): ReadonlyMap<string, Finished> {
  const finished = new Map<string, Finished>();
  for (const [key, counts] of now.workers ?? []) {
    const earlier = before.workers?.get(key);
    const delta = earlier === undefined ? "decreased" : difference(earlier, counts);
    if (delta !== "decreased") finished.set(key, delta);
  }
  return finished;
}

function difference(before: Counts, now: Counts): Finished | "decreased" {
  const [ok, failed] = [now.completed - before.completed, now.failed - before.failed];
  return ok < 0 || failed < 0 ? "decreased" : { ok, failed };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
