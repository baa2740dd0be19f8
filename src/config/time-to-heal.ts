import { cusumThreshold, incrementsOf, thetaShare } from "../core/cusum.ts";
import type { Knobs } from "../core/strategy.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * How long it takes until a worker whose true success rate is `ratePercent` is healed, counted from fresh evidence (a
 * start, or a rate that was near the threshold); null = never, because the evidence within the windows cannot prove it.
 * The expected values of the tests the core makes (decision-core §1.3): the CUSUM climbs by its drift a task until the
 * threshold; a Wilson bound z falls below theta after z²·theta·(1-theta)/(theta-rate)² tasks, if the window holds as
 * many. Then the evidence has to stand, and the next turn acts.
 */
export function timeToHealMs(knobs: Knobs, load: { ratePercent: number; tasksPerMinute: number; turnMs: number }): number | null {
  const rate = load.ratePercent / 100;
  const tasks = [fastTasks(knobs, rate, load.tasksPerMinute), ...slowTasks(knobs, rate, load.tasksPerMinute)].filter(
    (count) => count !== null,
  );
  if (tasks.length === 0) return null;
  return (Math.min(...tasks) / load.tasksPerMinute) * MINUTE_MS + knobs.sustainMs + load.turnMs;
}

function fastTasks(knobs: Knobs, rate: number, tasksPerMinute: number): number | null {
  const { ok, failed } = incrementsOf(knobs.minSuccessRatePercent, knobs.effectSizePercent);
  const drift = rate * ok + (1 - rate) * failed;
  if (drift <= 0) return null;
  const threshold = cusumThreshold(tasksPerMinute * 1440, knobs.maxFalseHealsPerWorkerDay);
  return Math.max(knobs.minTasks.fast, threshold / drift);
}

function slowTasks(knobs: Knobs, rate: number, tasksPerMinute: number): readonly (number | null)[] {
  const theta = thetaShare(knobs.minSuccessRatePercent);
  if (rate >= theta) return [];
  const proof = (knobs.wilsonZ ** 2 * theta * (1 - theta)) / (theta - rate) ** 2;
  const within = (windowMs: number, atLeast: number): number | null => {
    const tasks = Math.max(atLeast, proof);
    return tasks <= (tasksPerMinute * windowMs) / MINUTE_MS ? tasks : null;
  };
  return [within(knobs.windowMs, knobs.minTasks.short), within(DAY_MS, knobs.minTasks.long)];
}

/** Tasks that the verdict "it helped" takes, when the worker is well again at a rate of `goodPercent`. */
export function verdictTasks(knobs: Knobs, goodPercent = 97): number | null {
  const { ok, failed } = incrementsOf(knobs.minSuccessRatePercent, knobs.effectSizePercent);
  const drift = (goodPercent / 100) * ok + (1 - goodPercent / 100) * failed;
  return drift >= 0 ? null : Math.ceil(knobs.verify.llr / -drift);
}
