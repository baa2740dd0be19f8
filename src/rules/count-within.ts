import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import { formatDuration } from "../core/quantities.ts";
import { inWords, plural } from "../core/words.ts";
import type { RuleTiming } from "./rule.ts";

/**
 * What rules share that count how often something happened within a while: `exceptions-above`, `log-pattern`. Plain JSON, of
 * the same size however much happens: what lies close together is one span, and a span counts from its first instant. Counting
 * begins when the grace period has ended: a worker that starts may complain until it has found all it needs.
 */
export interface Happenings {
  /** The first look that counted; null = none has. */
  sinceMs: number | null;
  /** Ascending by `fromMs`. */
  spans: Span[];
  /** The newest look; null = nobody has looked. */
  lastAtMs: number | null;
  looks: number;
}

export interface Span {
  readonly fromMs: number;
  readonly count: number;
}

/** So many within so long are a symptom. */
export interface Measure {
  readonly needed: number;
  readonly withinMs: number;
  /** What is counted, one of it: "uncaught exception". */
  readonly noun: string;
  readonly graceMs: number;
}

const SPANS = 30; // within is divided into so many: the count is late by a thirtieth of it at most, and never too high
const GAP_MS_MAX = 60_000; // an older look is no news
const PROOF_EXPECTED = 3; // where three were due and none came, all is well by 20 to 1 (e^-3, at a steady rate)

export function freshHappenings(): Happenings {
  return { sinceMs: null, spans: [], lastAtMs: null, looks: 0 };
}

/** Files one look. Changes `happenings` in place. */
export function fileHappenings(happenings: Happenings, { fromMs, count }: Span, view: TargetView, measure: Measure): void {
  happenings.lastAtMs = Math.max(happenings.lastAtMs ?? fromMs, fromMs);
  if (view.readyAtMs === null || fromMs < view.readyAtMs + measure.graceMs) return;
  happenings.sinceMs ??= fromMs;
  happenings.looks++;
  happenings.spans = addToSpans(happenings.spans, { fromMs, count }, measure.withinMs);
}

/** It is looked at, and nothing counts yet. */
export function isInGrace({ sinceMs, lastAtMs }: Happenings): boolean {
  return lastAtMs !== null && sinceMs === null;
}

/** The spans with another one; those that are past are left out. */
export function addToSpans(spans: readonly Span[], added: Span, withinMs: number): Span[] {
  const recent = spans.filter(({ fromMs }) => fromMs > added.fromMs - withinMs);
  if (added.count === 0) return recent;
  const last = recent.at(-1);
  if (last === undefined || added.fromMs - last.fromMs >= withinMs / SPANS) return [...recent, added];
  return [...recent.slice(0, -1), { fromMs: last.fromMs, count: last.count + added.count }];
}

export function countSpans(spans: readonly Span[], nowMs: number, withinMs: number): number {
  return recentSpans(spans, nowMs, withinMs).reduce((sum, { count }) => sum + count, 0);
}

function recentSpans(spans: readonly Span[], nowMs: number, withinMs: number): readonly Span[] {
  return spans.filter(({ fromMs }) => fromMs > nowMs - withinMs);
}

export function judgeHappenings(happenings: Happenings, nowMs: number, { needed, withinMs, noun }: Measure): Judgement {
  const { spans, sinceMs, lastAtMs, looks } = happenings;
  const isKnown = sinceMs !== null && lastAtMs !== null && nowMs - lastAtMs <= GAP_MS_MAX;
  const count = countSpans(spans, nowMs, withinMs);
  const isSick = isKnown && count >= needed;
  return {
    state: isSick ? "sick" : isKnown ? "fine" : "unknown",
    sustained: isSick,
    sinceMs: isSick ? reachedAtMs(recentSpans(spans, nowMs, withinMs), needed) : null,
    dead: false,
    value: isKnown ? count : null,
    threshold: needed,
    unit: `${noun}s`,
    n: looks,
    low: null,
    high: null,
  };
}

function reachedAtMs(spans: readonly Span[], needed: number): number | null {
  let count = 0;
  return spans.find((span) => (count += span.count) >= needed)?.fromMs ?? null;
}

/**
 * Not `needed` of them so soon is too easy: `within` may be longer than the grace period. It has helped when `within` has passed
 * without the symptom, or when none came where, at the rate that is a symptom, three were due.
 */
export function verdictOfHappenings(happenings: Happenings, judgement: Judgement, measure: Measure): RuleVerdict {
  if (judgement.state === "sick") return "failed";
  const { sinceMs, lastAtMs } = happenings;
  if (judgement.state !== "fine" || sinceMs === null || lastAtMs === null) return "undecided";
  const watchedMs = lastAtMs - sinceMs;
  const proofMs = happenings.spans.length === 0 ? silenceMs(measure) : measure.withinMs;
  return watchedMs >= proofMs ? "recovered" : "undecided";
}

function silenceMs({ needed, withinMs }: Measure): number {
  return Math.min(withinMs, (PROOF_EXPECTED * withinMs) / needed);
}

/** What would change a judgement that is known. */
export function flipOfHappenings({ spans }: Happenings, nowMs: number, state: Judgement["state"], measure: Measure): string {
  const { needed, withinMs, noun } = measure;
  const recent = recentSpans(spans, nowMs, withinMs);
  const count = countSpans(recent, nowMs, withinMs);
  const oldestMs = recent[0]?.fromMs ?? null;
  if (state === "sick") return `clears if no more come for ${inWords(clearsAtMs(recent, count, measure) - nowMs)}`;
  const within = oldestMs === null ? formatDuration(withinMs) : `the next ${inWords(oldestMs + withinMs - nowMs)}`;
  return `would heal after ${plural(needed - count, count === 0 ? noun : `more ${noun}`)} within ${within}`;
}

function clearsAtMs(spans: readonly Span[], count: number, { needed, withinMs }: Measure): number {
  let left = count;
  const last = spans.find((span) => (left -= span.count) < needed);
  return (last?.fromMs ?? 0) + withinMs;
}

export function timingOfHappenings(measure: Measure): RuleTiming {
  const { needed, withinMs, noun } = measure;
  const words =
    needed === 1 ? `the first ${noun}` : `from the first of ${needed} ${noun}s to the last: at once, or just within ${inWords(withinMs)}`;
  return { bestMs: 0, worstMs: needed === 1 ? 0 : withinMs, proofMs: measure.graceMs + silenceMs(measure), words };
}
