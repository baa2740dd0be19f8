import { randomFrom } from "../../test/support/prng.ts";
import type { RuleUnderTest, Watcher } from "./rules.ts";
import { DAY_MS, HOUR_MS, independent, poisson, TURN_MS, type Fate, type Stream, type Volume } from "./streams.ts";

const GRACE_MS = 180_000;

/** One turn of 2 s: Poisson many tasks, then the rule is asked. */
function turn(
  watcher: Watcher,
  atMs: number,
  world: { random: () => number; fate: Fate; mean: number },
): { heals: boolean; tasks: number } {
  const tasks = poisson(world.mean, world.random);
  let ok = 0;
  for (let task = 0; task < tasks; task++) if (world.fate(atMs)) ok++;
  return { heals: watcher.turn(atMs, { ok, failed: tasks - ok }), tasks };
}

export interface Watch {
  readonly stream: Stream;
  readonly volume: Volume;
  readonly days: number;
  readonly seed: number;
  /** Days after which another, unknown worker takes the place of this one; left out: never. */
  readonly newWorkerAfterDays?: number;
}

/**
 * Heals of a worker that nobody should heal. A heal starts a grace period and a new epoch; so does a deploy, once a day.
 */
export function heals(rule: RuleUnderTest, { stream, volume, days, seed, newWorkerAfterDays }: Watch): number {
  const random = randomFrom(seed);
  const world = { random, fate: stream(random), mean: (volume.perDay * TURN_MS) / DAY_MS };
  let watcher = rule.watch(0);
  let count = 0;
  let graceEndMs = GRACE_MS;
  for (let atMs = 0; atMs < days * DAY_MS; atMs += TURN_MS) {
    if (atMs % DAY_MS === 0) {
      if (newWorkerAfterDays !== undefined && atMs % (newWorkerAfterDays * DAY_MS) === 0) watcher = rule.watch(atMs);
      watcher.forget(atMs);
      graceEndMs = atMs + GRACE_MS;
    }
    if (!turn(watcher, atMs, world).heals || atMs < graceEndMs) continue;
    count++;
    graceEndMs = atMs + GRACE_MS;
    watcher.forget(atMs);
  }
  return count;
}

export interface Delay {
  readonly tasks: number;
  readonly seconds: number;
}

export interface Collapse {
  readonly volume: Volume;
  readonly rate: number;
  readonly runs: number;
  /** The worker was watched for so long before. */
  readonly hoursBefore: number;
  /** Before the collapse; left out: independent tasks at 97 %. */
  readonly before?: Stream;
}

/** From a collapse to the heal, sorted; a heal that did not come within a day counts as endless. */
export function delays(rule: RuleUnderTest, collapse: Collapse): readonly Delay[] {
  const found: Delay[] = [];
  for (let run = 0; run < collapse.runs; run++) found.push(delayOf(rule, collapse, 1000 + run));
  return found.sort((one, other) => one.seconds - other.seconds);
}

function delayOf(rule: RuleUnderTest, { volume, rate, hoursBefore, before }: Collapse, seed: number): Delay {
  const random = randomFrom(seed);
  const collapseMs = hoursBefore * HOUR_MS + Math.floor(random() * 600) * 1000;
  const [well, ill] = [(before ?? independent(0.97))(random), independent(rate)(random)];
  const mean = (volume.perDay * TURN_MS) / DAY_MS;
  const watcher = rule.watch(0);
  let tasks = 0;
  for (let atMs = 0; atMs < collapseMs + DAY_MS; atMs += TURN_MS) {
    const hasCollapsed = atMs >= collapseMs;
    const result = turn(watcher, atMs, { random, fate: hasCollapsed ? ill : well, mean });
    if (!hasCollapsed) continue;
    tasks += result.tasks;
    if (result.heals) return { tasks, seconds: (atMs - collapseMs) / 1000 };
  }
  return { tasks: Infinity, seconds: Infinity };
}

export function quantile(sorted: readonly Delay[], share: number): Delay {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? { tasks: Number.NaN, seconds: Number.NaN };
}
