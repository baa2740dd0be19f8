import { alternativesOf, cusumThreshold, incrementsOf, thetaShare } from "../core/cusum.ts";
import type { Knobs } from "../core/strategy.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const GOOD_RATE = 0.97; // a worker that is well, as in decision-core §1.4

export interface Load {
  /** True success rate of the worker. */
  readonly ratePercent: number;
  readonly tasksPerMinute: number;
  readonly turnMs: number;
}

/**
 * How long it takes until a worker whose true success rate is `ratePercent` is healed; null = never, because the
 * evidence within the windows cannot prove it. `fresh`: its evidence began with the trouble (after a start). `afterGood`:
 * it ran well for a day before, and the windows still hold that.
 *
 * Expected values of the tests the core makes (decision-core §1.3): a CUSUM climbs by its drift a task until its
 * threshold; a Wilson bound z lies below theta when (theta - rate)² exceeds z²·theta·(1-theta)/tasks. Then the evidence
 * has to stand, and the next turn acts.
 */
export function timeToHealMs(knobs: Knobs, load: Load): { readonly fresh: number; readonly afterGood: number } | null {
  const fresh = soonest([fastTasks(knobs, load), ...slowTasks(knobs, load, freshTasks)]);
  const afterGood = soonest([fastTasks(knobs, load), ...slowTasks(knobs, load, tasksAmongGood)]);
  if (fresh === null || afterGood === null) return null;
  const inMs = (tasks: number): number => (tasks / load.tasksPerMinute) * MINUTE_MS + knobs.sustainMs + load.turnMs;
  return { fresh: inMs(fresh), afterGood: inMs(afterGood) };
}

function soonest(counts: readonly (number | null)[]): number | null {
  const possible = counts.filter((count) => count !== null);
  return possible.length === 0 ? null : Math.min(...possible);
}

/** Of a worker whose tasks are known to be independent of each other: bursts make every task count less. */
function fastTasks(knobs: Knobs, load: Load): number | null {
  const rate = load.ratePercent / 100;
  const threshold = cusumThreshold(load.tasksPerMinute * 1440, knobs.maxFalseHealsPerWorkerDay);
  const counts = alternativesOf(knobs.minSuccessRatePercent, knobs.effectSizePercent).map(({ increments, surcharge }) => {
    const drift = rate * increments.ok + (1 - rate) * increments.failed;
    return drift <= 0 ? null : (threshold + surcharge) / drift;
  });
  const tasks = soonest(counts);
  return tasks === null ? null : Math.max(knobs.minTasks.fast, tasks);
}

/** One Wilson test: how many tasks at `rate` it takes, or null where the window cannot hold enough. */
type SlowTest = (test: { theta: number; rate: number; z: number; held: number }) => number | null;

function slowTasks(knobs: Knobs, load: Load, test: SlowTest): readonly (number | null)[] {
  const theta = thetaShare(knobs.minSuccessRatePercent);
  const rate = load.ratePercent / 100;
  if (rate >= theta) return [];
  const within = (windowMs: number, atLeast: number): number | null => {
    const held = (load.tasksPerMinute * windowMs) / MINUTE_MS;
    const tasks = test({ theta, rate, z: knobs.wilsonZ, held });
    return tasks === null || Math.max(atLeast, tasks) > held ? null : Math.max(atLeast, tasks);
  };
  return [within(knobs.windowMs, knobs.minTasks.short), within(DAY_MS, knobs.minTasks.long)];
}

function freshTasks({ theta, rate, z }: Parameters<SlowTest>[0]): number {
  return (z ** 2 * theta * (1 - theta)) / (theta - rate) ** 2;
}

/** The window is full of good tasks, and the bad ones take their place until the mean of all is proven too low. */
function tasksAmongGood({ theta, rate, z, held }: Parameters<SlowTest>[0]): number | null {
  const provenBelow = theta - z * Math.sqrt((theta * (1 - theta)) / held);
  return rate < provenBelow ? (held * (GOOD_RATE - provenBelow)) / (GOOD_RATE - rate) : null;
}

/** Tasks that the verdict "it helped" takes, when the worker is well again. */
export function verdictTasks(knobs: Knobs): number | null {
  const { ok, failed } = incrementsOf(knobs.minSuccessRatePercent, knobs.effectSizePercent);
  const drift = GOOD_RATE * ok + (1 - GOOD_RATE) * failed;
  return drift >= 0 ? null : Math.ceil(knobs.verify.llr / -drift);
}
