import type { Judgement, TargetView } from "../core/judgement.ts";
import { formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import type { RuleTiming } from "./rule.ts";

/**
 * What rules share that compare a worker's own figure with a limit it may be above for a while: `memory-above`,
 * `event-loop-delay-above`, `cpu-above`. Between limit and time, a spike is not a symptom. Plain JSON.
 */
export interface Readings {
  /** The newest one. */
  value: number;
  lastAtMs: number | null;
  /** First of the unbroken readings above the limit; null = the last one was not above. */
  aboveSinceMs: number | null;
  count: number;
}

export interface LimitParams {
  readonly limit: number;
  readonly for: number;
}

const GAP_MS_MAX = 60_000; // after a longer hole nobody can say that it stayed above; also: an older reading is no news

export function freshReadings(): Readings {
  return { value: 0, lastAtMs: null, aboveSinceMs: null, count: 0 };
}

/** Files one reading. Changes `readings` in place. */
export function fileReading(readings: Readings, { value, atMs }: { readonly value: number; readonly atMs: number }, limit: number): void {
  const isGap = readings.lastAtMs !== null && atMs - readings.lastAtMs > GAP_MS_MAX;
  if (value <= limit) readings.aboveSinceMs = null;
  else if (readings.aboveSinceMs === null || isGap) readings.aboveSinceMs = atMs;
  readings.value = value;
  readings.lastAtMs = atMs;
  readings.count++;
}

/** All of a judgement but its unit; `value` is the newest reading. */
export function judgeReadings(readings: Readings, view: TargetView, params: LimitParams): Omit<Judgement, "unit"> {
  const { lastAtMs, aboveSinceMs } = readings;
  const isKnown = lastAtMs !== null && view.nowMs - lastAtMs <= GAP_MS_MAX;
  const isSick = isKnown && aboveSinceMs !== null && lastAtMs - aboveSinceMs >= params.for;
  return {
    state: isSick ? "sick" : isKnown ? "fine" : "unknown",
    sustained: isSick,
    sinceMs: isSick ? aboveSinceMs : null,
    dead: false,
    value: isKnown ? readings.value : null,
    threshold: params.limit,
    n: readings.count,
    low: null,
    high: null,
  };
}

/** "memory 640MB, limit 512MB", and how long it has been above already. */
export function describeReadings(readings: Readings, view: TargetView, against: string, params: LimitParams): string {
  if (readings.aboveSinceMs === null) return against;
  return `${against}, above it for ${inWords(view.nowMs - readings.aboveSinceMs)} (allowed: ${formatDuration(params.for)})`;
}

interface FlipWords {
  readonly limit: string;
  /** "would heal", or "would be a symptom" of a rule that only tells. */
  readonly would: string;
}

/** What changes a judgement that is sick, or is about to be; null = nothing is above the limit. */
export function flipWhileAbove(
  { aboveSinceMs }: Readings,
  { nowMs, state }: { readonly nowMs: number; readonly state: Judgement["state"] },
  params: LimitParams,
  words: FlipWords,
): string | null {
  if (state === "sick") return `clears with one reading at or below ${words.limit}`;
  if (state === "unknown" || aboveSinceMs === null) return null;
  return `${words.would} if it stayed above ${words.limit} for ${inWords(params.for - (nowMs - aboveSinceMs))} more`;
}

/** `how`: "above the limit". */
export function timingAbove(params: LimitParams, how: string): RuleTiming {
  return { bestMs: params.for, worstMs: params.for, proofMs: 0, words: `${how} for ${inWords(params.for)}` };
}
