import { LEVELS_MAX, trendOf } from "./memory-trend.ts";

/** What `memory-climbing` keeps of its readings: the lowest of each span, and what the last look at them saw. Plain JSON. */
export interface Levels {
  /** First reading that counts: after the warm-up, and after the last hole; null = there was none yet. */
  fromMs: number | null;
  /** The span under way, counted from `fromMs`, and the lowest reading in it. */
  span: number;
  lowest: number;
  /** Lowest reading of each span that is over, newest last, at most `LEVELS_MAX`. */
  levels: number[];
  /** Of the last look: bytes an hour and ms until the limit (null = it levels off before); null = it does not climb. */
  climb: { perHour: number; aheadMs: number | null } | null;
  /** Looks in a row that saw the limit coming, and the first of them. */
  looks: number;
  sinceMs: number | null;
}

export interface ClimbParams {
  readonly limit: number;
  readonly within: number;
}

const HOUR_MS = 3_600_000;
const EMPTY_SPANS_MAX = 1; // a turn may be as long as the shortest span; over a longer hole nobody knows how it climbed

export function newLevels(): Levels {
  return { fromMs: null, span: 0, lowest: 0, levels: [], climb: null, looks: 0, sinceMs: null };
}

/** The rule looks back as far as it looks ahead. */
export function spanMs({ within }: ClimbParams): number {
  return within / LEVELS_MAX;
}

/** How much of `within` has been watched. */
export function watchedMs({ levels }: Levels, params: ClimbParams): number {
  return levels.length * spanMs(params);
}

/** Files one reading. Changes `memory` in place. */
export function fileLevel(memory: Levels, { bytes, atMs }: { readonly bytes: number; readonly atMs: number }, params: ClimbParams): void {
  const span = memory.fromMs === null ? 0 : Math.floor((atMs - memory.fromMs) / spanMs(params));
  const over = span - memory.span; // the span under way and the empty ones behind it, which are taken to be as high
  if (memory.fromMs === null || over > 1 + EMPTY_SPANS_MAX) {
    Object.assign(memory, newLevels(), { fromMs: atMs, lowest: bytes });
    return;
  }
  for (let each = 0; each < over; each++) memory.levels.push(memory.lowest);
  if (over > 0) {
    memory.levels = memory.levels.slice(-LEVELS_MAX);
    lookAtTrend(memory, atMs, params);
  }
  memory.lowest = over > 0 ? bytes : Math.min(memory.lowest, bytes);
  memory.span = span;
}

/** Once a span, and not at every turn: a judgement only reads what stands here. */
function lookAtTrend(memory: Levels, atMs: number, params: ClimbParams): void {
  const trend = trendOf(memory.levels, params.limit);
  const ms = spanMs(params);
  const aheadMs = trend?.spansAhead == null ? null : Math.round(trend.spansAhead * ms);
  memory.climb = trend === null ? null : { perHour: (trend.perSpan / ms) * HOUR_MS, aheadMs };
  const isComing = aheadMs !== null && aheadMs <= params.within;
  memory.looks = isComing ? memory.looks + 1 : 0;
  memory.sinceMs = isComing ? (memory.sinceMs ?? atMs) : null;
}
