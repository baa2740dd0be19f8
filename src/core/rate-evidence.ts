import { cusumThreshold, incrementsOf, nextCusum, tasksPerDay } from "./cusum.ts";
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
  const increments = incrementsOf(knobs.minSuccessRatePercent, knobs.effectSizePercent);
  evidence.ok += counted.ok;
  evidence.failed += counted.failed;
  evidence.cusum = nextCusum(evidence.cusum, counted, { increments, threshold: fastThreshold(evidence, context) });
  const runGoesOn = evidence.cusum > 0;
  evidence.runOk = runGoesOn ? evidence.runOk + counted.ok : 0;
  evidence.runFailed = runGoesOn ? evidence.runFailed + counted.failed : 0;
  evidence.sprt = nextSprt(evidence.sprt, counted, increments);
  if (evidence.weighted !== null) evidence.weighted = decay(evidence.weighted, reading.atMs, counted);
  evidence.lastAtMs = reading.atMs;
  const proven = rateProof(evidence, { knobs, windows, nowMs }) !== null;
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

/** How far the CUSUM must climb at the volume seen so far. */
export function fastThreshold(evidence: RateEvidence, context: RateContext): number {
  const { knobs, windows, nowMs } = context;
  const lastHour = windows === null ? 0 : windows.hour.totalOk + windows.hour.totalFailed;
  const seen = { count: evidence.ok + evidence.failed, watchedMs: nowMs - evidence.epochAtMs, lastHour };
  return cusumThreshold(tasksPerDay(seen), knobs.maxFalseHealsPerWorkerDay);
}

/** The first test that proves the rate below the required one now, or null (decision-core §1.6, before the sustain). */
export function rateProof(evidence: RateEvidence, context: RateContext): RateProof | null {
  const { knobs } = context;
  const count = evidence.ok + evidence.failed;
  if (count >= knobs.minTasks.fast && evidence.cusum >= fastThreshold(evidence, context)) return "fast";
  if (count >= knobs.minTasks.short && isWindowBelow(evidence, context)) return "window";
  if (count < knobs.minTasks.long) return null;
  return isBelow(since(evidence, context, DAY_MS), knobs.minTasks.long, knobs) ? "day" : null;
}

function isWindowBelow(evidence: RateEvidence, context: RateContext): boolean {
  const { knobs } = context;
  const { weighted } = evidence;
  if (weighted === null) return isBelow(since(evidence, context, knobs.windowMs), knobs.minTasks.short, knobs);
  const count = effectiveCount(weighted);
  if (count < knobs.minTasks.short) return false;
  return wilsonUpper((weighted.ok / weighted.n) * count, count, knobs.wilsonZ) < knobs.minSuccessRatePercent / 100;
}

function isBelow(outcomes: Outcomes, atLeast: number, knobs: Knobs): boolean {
  const count = outcomes.ok + outcomes.failed;
  return count >= atLeast && wilsonUpper(outcomes.ok, count, knobs.wilsonZ) < knobs.minSuccessRatePercent / 100;
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
