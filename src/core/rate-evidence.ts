import { climbAfter, foremostOf, isStanding, LEVEL, pricedClimb, type Climb, type PricedClimb } from "./climb.ts";
import { alternativesOf, cusumThreshold, tasksPerDay, THRESHOLD_MIN } from "./cusum.ts";
import { designEffect, type DesignEffect } from "./design-effect.ts";
import type { Epoch, RuleVerdict } from "./judgement.ts";
import { nextSprt, sprtAnswer } from "./sprt.ts";
import type { Knobs } from "./strategy.ts";
import type { TaskWindows } from "./task-windows.ts";
import { decay, effectiveCount, type Weighted } from "./weighted.ts";
import { wilsonUpper } from "./wilson.ts";
import { outcomesWithin, type Outcomes } from "./window.ts";

/**
 * What is known of a worker's success rate since its epoch. Plain JSON. It counts for itself instead of asking the
 * windows, because they keep showing what happened before the epoch, and what our own kill cut short.
 */
export interface RateEvidence {
  readonly epochAtMs: number;
  readonly ignoreUntilMs: number;
  /** Failures still to be overlooked: tasks that ran when we acted. */
  forgive: number;
  /** Counted since the epoch. */
  ok: number;
  failed: number;
  cusum: number;
  /** Since the CUSUM last stood at 0: the stretch of tasks that speaks against the worker. */
  runOk: number;
  runFailed: number;
  /** The same for the second, worse rate that is looked for. Absent in evidence saved by 0.1: it begins at 0. */
  collapse?: Climb;
  /** How bursty its tasks are, and when that was found out. Absent: not yet. */
  bursts?: DesignEffect & { readonly atMs: number };
  /** The verdict's sum: the same increments, no floor. */
  sprt: number;
  weighted: Weighted | null;
  lastAtMs: number | null;
  /** Time of the task from which the proof has stood without a break; null = nothing is proven. */
  provenSinceMs: number | null;
}

/** Which of the three tests says "below the required rate". */
export type RateProof = "fast" | "window" | "day";

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function freshRateEvidence(epoch: Epoch, knobs: Knobs): RateEvidence {
  const halfLifeMs = knobs.timeWeightingHalfLifeMs;
  return {
    epochAtMs: epoch.atMs,
    ignoreUntilMs: epoch.ignoreTasksUntilMs,
    forgive: epoch.forgiveFailures,
    ok: 0,
    failed: 0,
    cusum: 0,
    runOk: 0,
    runFailed: 0,
    collapse: LEVEL,
    sprt: 0,
    weighted: halfLifeMs === null ? null : { halfLifeMs, atMs: epoch.atMs, ok: 0, n: 0, nSquared: 0 },
    lastAtMs: null,
    provenSinceMs: null,
  };
}

/** Counts one reading. Changes `evidence` in place; `windows` already hold the reading. */
export function addToEvidence(
  evidence: RateEvidence,
  reading: Outcomes & { readonly atMs: number },
  context: { readonly knobs: Knobs; readonly windows: TaskWindows | null; readonly nowMs: number },
): void {
  const counted = leaveOutOurDamage(evidence, reading);
  if (counted.ok + counted.failed === 0) return;
  const { knobs, windows, nowMs } = context;
  evidence.ok += counted.ok;
  evidence.failed += counted.failed;
  learnDesignEffect(evidence, context);
  climb(evidence, counted, context);
  evidence.sprt = nextSprt(evidence.sprt, counted, alternativesFor(knobs)[0].increments);
  if (evidence.weighted !== null) evidence.weighted = decay(evidence.weighted, reading.atMs, counted);
  evidence.lastAtMs = reading.atMs;
  const proven = standingProof(evidence, { knobs, windows, nowMs }) !== null;
  evidence.provenSinceMs = proven ? (evidence.provenSinceMs ?? reading.atMs) : null;
}

/** What our own kill cut short is not the worker's failure (decision-core §4.1). */
function leaveOutOurDamage(evidence: RateEvidence, reading: Outcomes & { readonly atMs: number }): Outcomes {
  if (reading.atMs < evidence.ignoreUntilMs) return NOTHING;
  if (evidence.forgive === 0) return reading;
  const forgiven = Math.min(evidence.forgive, reading.failed);
  evidence.forgive -= forgiven;
  return { ok: reading.ok, failed: reading.failed - forgiven };
}

const NOTHING: Outcomes = { ok: 0, failed: 0 };

interface RateContext {
  readonly knobs: Knobs;
  readonly windows: TaskWindows | null;
  readonly nowMs: number;
}

/** Not while the worker is suspicious: a collapse is no habit, and must not hide itself. */
function learnDesignEffect(evidence: RateEvidence, context: RateContext): void {
  const { windows, nowMs } = context;
  const { bursts } = evidence;
  if (windows === null || (bursts !== undefined && (nowMs < bursts.atMs + LEARN_EVERY_MS || isSuspicious(evidence, context)))) return;
  evidence.bursts = { ...designEffect(windows), atMs: nowMs };
}

function isSuspicious(evidence: RateEvidence, context: RateContext): boolean {
  return climbs(evidence, context).some(({ sum, threshold }) => sum > 0 && sum >= threshold / 4);
}

const LEARN_EVERY_MS = 300_000; // a day of it is read each time, which takes a few microseconds

/** Tasks of this worker that tell as much as one independent one, at least 1. */
export function tasksAsOne(evidence: RateEvidence): number {
  return evidence.bursts?.tasksAsOne ?? 1;
}

function climb(evidence: RateEvidence, counted: Outcomes, context: RateContext): void {
  if (counted.failed === 0 && highest(evidence) === 0) return;
  const [poor, collapse] = climbs(evidence, context);
  const next = climbAfter(poor, counted);
  evidence.cusum = next.sum;
  evidence.runOk = next.ok;
  evidence.runFailed = next.failed;
  evidence.collapse = climbAfter(collapse, counted);
}

/**
 * How far the two CUSUMs are, and must climb at the volume seen so far. A collapse is looked for only in a worker whose
 * tasks are known: a dozen failures in a row are a habit of some.
 */
export function climbs(evidence: RateEvidence, context: RateContext): readonly [PricedClimb, PricedClimb] {
  const { knobs, windows, nowMs } = context;
  const lastHour = windows === null ? 0 : windows.hour.totalOk + windows.hour.totalFailed;
  const seen = { count: evidence.ok + evidence.failed, watchedMs: nowMs - evidence.epochAtMs, lastHour };
  const least = cusumThreshold(tasksPerDay(seen), knobs.maxFalseHealsPerWorkerDay);
  const asOne = tasksAsOne(evidence);
  const [poor, collapse] = alternativesFor(knobs);
  return [
    pricedClimb(poor, { sum: evidence.cusum, ok: evidence.runOk, failed: evidence.runFailed }, { least, asOne, counts: true }),
    pricedClimb(collapse, evidence.collapse ?? LEVEL, { least, asOne, counts: evidence.bursts?.isKnown === true }),
  ];
}

/** Logarithms that never change while the configuration does not. */
function alternativesFor(knobs: Knobs): ReturnType<typeof alternativesOf> {
  let known = ALTERNATIVES.get(knobs);
  if (known === undefined) {
    known = alternativesOf(knobs.minSuccessRatePercent, knobs.effectSizePercent);
    ALTERNATIVES.set(knobs, known);
  }
  return known;
}

const ALTERNATIVES = new WeakMap<Knobs, ReturnType<typeof alternativesOf>>();

/** The CUSUM that is nearest to its threshold, or farthest beyond. */
export function foremost(evidence: RateEvidence, context: RateContext): PricedClimb {
  return foremostOf(climbs(evidence, context));
}

/** The greater sum: as long as it is below what any threshold could be, no threshold needs to be worked out. */
function highest(evidence: RateEvidence): number {
  return Math.max(evidence.cusum, evidence.collapse?.sum ?? 0);
}

/** Half of the proof. */
export function isElevated(evidence: RateEvidence, context: RateContext): boolean {
  if (highest(evidence) < THRESHOLD_MIN / 2) return false;
  const { sum, threshold } = foremost(evidence, context);
  return sum > 0 && sum >= threshold / 2;
}

/** The proof that stands: made now, or made before by a CUSUM and not taken back by the few good tasks since. */
export function standingProof(evidence: RateEvidence, context: RateContext): RateProof | null {
  const proof = rateProof(evidence, context);
  if (proof !== null || evidence.provenSinceMs === null) return proof;
  const count = evidence.ok + evidence.failed;
  return count >= context.knobs.minTasks.fast && climbs(evidence, context).some(isStanding) ? "fast" : null;
}

/** The first test that proves the rate below the required one now, or null (decision-core §1.6, before the sustain). */
export function rateProof(evidence: RateEvidence, context: RateContext): RateProof | null {
  const { knobs } = context;
  const count = evidence.ok + evidence.failed;
  if (
    count >= knobs.minTasks.fast &&
    highest(evidence) >= THRESHOLD_MIN &&
    climbs(evidence, context).some(({ sum, threshold }) => sum >= threshold)
  )
    return "fast";
  if (count >= knobs.minTasks.short && isWindowBelow(evidence, context)) return "window";
  if (count < knobs.minTasks.long) return null;
  return isBelow(since(evidence, context, DAY_MS), { atLeast: knobs.minTasks.long, knobs, asOne: tasksAsOne(evidence) }) ? "day" : null;
}

function isWindowBelow(evidence: RateEvidence, context: RateContext): boolean {
  const { knobs } = context;
  const test = { atLeast: knobs.minTasks.short, knobs, asOne: tasksAsOne(evidence) };
  const { weighted } = evidence;
  if (weighted === null) return isBelow(since(evidence, context, knobs.windowMs), test);
  const count = effectiveCount(weighted);
  const ok = count === 0 ? 0 : (weighted.ok / weighted.n) * count;
  return isBelow({ ok, failed: count - ok }, test);
}

function isBelow(outcomes: Outcomes, test: { readonly atLeast: number; readonly knobs: Knobs; readonly asOne: number }): boolean {
  const { atLeast, knobs, asOne } = test;
  const count = outcomes.ok + outcomes.failed;
  return count >= atLeast && wilsonUpper(outcomes.ok / asOne, count / asOne, knobs.wilsonZ) < knobs.minSuccessRatePercent / 100;
}

/**
 * Outcomes since the epoch within the last `lengthMs`. As long as the epoch is younger than that, the evidence's own
 * counts are exactly these; later the window holds nothing older than the epoch any more.
 */
export function since(evidence: RateEvidence, context: RateContext, lengthMs: number): Outcomes {
  const { windows, nowMs } = context;
  if (windows === null || nowMs - evidence.epochAtMs < lengthMs) return evidence;
  return rolling(windows, lengthMs);
}

/** All outcomes of the last `lengthMs`, whatever the epoch: the rate people are shown. */
export function rolling(windows: TaskWindows, lengthMs: number): Outcomes {
  return outcomesWithin(lengthMs <= HOUR_MS ? windows.hour : windows.day, lengthMs);
}

/** Held long enough both on the tasks' own times and on the clock: neither a burst nor a silence may stand in for it. */
export function isSustained(evidence: RateEvidence, sustainMs: number, nowMs: number): boolean {
  if (evidence.provenSinceMs === null || evidence.lastAtMs === null) return false;
  return nowMs - evidence.provenSinceMs >= sustainMs && evidence.lastAtMs - evidence.provenSinceMs >= sustainMs;
}

/** Whether the tasks since a heal say that it helped (decision-core §4.1). */
export function rateVerdict(evidence: RateEvidence, knobs: Knobs): RuleVerdict {
  const count = evidence.ok + evidence.failed;
  const required = knobs.minSuccessRatePercent / 100;
  const answer = sprtAnswer(evidence.sprt, knobs.verify.llr);
  if (answer === "bad" || wilsonUpper(evidence.ok, count, knobs.wilsonZ) < required) return "failed";
  return answer === "good" && evidence.ok / count >= required ? "recovered" : "undecided";
}
