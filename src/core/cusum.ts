import type { Outcomes } from "./window.ts";

/**
 * Page's CUSUM against a success rate (decision-core §1.3). Each task adds the log-likelihood ratio of a bad rate to the
 * required rate `theta`; the sum never falls below 0. While the conditional rate stays at or above theta, e^sum is an
 * e-detector, so a false alarm takes at least e^threshold tasks on average, whatever the order of the tasks (Shin, Ramdas,
 * Rinaldo: arXiv 2203.03532). A weighted sum of e-detectors is one too, and so is one whose increments are divided by a
 * design effect of at least 1 (Jensen).
 */
export interface Increments {
  /** Below 0. */
  readonly ok: number;
  /** Above 0. */
  readonly failed: number;
}

/**
 * A bad rate looked for. Two are: `theta - delta` (50 % for 70 %) for a worker that has become poor, and half of that (25 %)
 * for one that has collapsed. At a true 20 % the second one needs 1.0 times the tasks that any test must see, the first
 * alone 1.6 times; at 50 % the first is the best there is.
 */
export interface Alternative {
  readonly increments: Increments;
  /** ln(1 / weight): how much further its sum has to climb because two are looked for. */
  readonly surcharge: number;
}

const POOR_WEIGHT = 0.75; // the surcharges are 0.29, or 3 tasks at a true 50 %, and 1.39, or 3 tasks at 20 %

export const THRESHOLD_MIN = 7; // e^7 ≈ 1100 tasks between false alarms: the least that deserves a restart
const THRESHOLD_MAX = 20; // beyond, detection gets slower and the odds no better than one can know
export const HEADROOM = 4; // how far the sum may run past the threshold: a dozen good tasks take the suspicion back

/** A rate of 100 % would make one failure infinite proof, and 0 % could never be missed. */
const THETA_MIN = 0.01;
const THETA_MAX = 0.999;

/** Increments for a required rate and an effect size, both in percent. */
export function incrementsOf(thetaPercent: number, deltaPercent: number): Increments {
  const theta = thetaShare(thetaPercent);
  return incrementsAgainst(poorRate(theta, deltaPercent), theta);
}

/** The two bad rates looked for, the less bad one first. */
export function alternativesOf(thetaPercent: number, deltaPercent: number): readonly [Alternative, Alternative] {
  const theta = thetaShare(thetaPercent);
  const poor = poorRate(theta, deltaPercent);
  return [
    { increments: incrementsAgainst(poor, theta), surcharge: -Math.log(POOR_WEIGHT) },
    { increments: incrementsAgainst(poor / 2, theta), surcharge: -Math.log(1 - POOR_WEIGHT) },
  ];
}

/** An effect size as large as the threshold leaves no bad rate to test for; a tenth of the threshold then stands for it. */
function poorRate(theta: number, deltaPercent: number): number {
  return Math.max(theta - Math.max(0.001, deltaPercent / 100), theta / 10);
}

function incrementsAgainst(bad: number, theta: number): Increments {
  return { ok: Math.log(bad / theta), failed: Math.log((1 - bad) / (1 - theta)) };
}

/** The required rate as a share between 0 and 1, kept off both ends. */
export function thetaShare(thetaPercent: number): number {
  return Math.min(THETA_MAX, Math.max(THETA_MIN, thetaPercent / 100));
}

/** One reading applied as one sum: within a reading the order of its tasks is unknown. */
export function nextCusum(sum: number, outcomes: Outcomes, options: { increments: Increments; limit: number }): number {
  const { increments, limit } = options;
  return Math.min(limit, Math.max(0, sum + outcomes.ok * increments.ok + outcomes.failed * increments.failed));
}

/** ln(tasks a day / false heals allowed a day), within 7 and 20. */
export function cusumThreshold(tasksPerDay: number, falseHealsPerDay: number): number {
  const threshold = Math.log(Math.max(1, tasksPerDay) / Math.max(1e-9, falseHealsPerDay));
  return Math.min(THRESHOLD_MAX, Math.max(THRESHOLD_MIN, threshold));
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const FIRST_HOUR_TASKS_PER_DAY = 1440; // one a minute, until an hour of watching says better

/**
 * Volume extrapolated from what was seen: `count` tasks in `watchedMs`, and the last hour's total where that is more. A
 * burst may overstate it, which only makes the test more careful.
 */
export function tasksPerDay(seen: { count: number; watchedMs: number; lastHour: number }): number {
  const average = (seen.count / Math.max(MINUTE_MS, seen.watchedMs)) * DAY_MS;
  const recent = seen.lastHour * (DAY_MS / HOUR_MS);
  return Math.max(average, recent, seen.watchedMs < HOUR_MS ? FIRST_HOUR_TASKS_PER_DAY : 0);
}
