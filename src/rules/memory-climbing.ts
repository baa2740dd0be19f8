import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import { formatBytes, formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import { beyondHost, limitOfPm2 } from "./memory-advice.ts";
import { fileLevel, newLevels, spanMs, watchedMs, type ClimbParams, type Levels } from "./memory-levels.ts";
import { LEVELS_MAX } from "./memory-trend.ts";
import { duration, size } from "./param-schemas.ts";
import { defineRule, type Bound, type RuleAdvice, type Scene } from "./rule.ts";

interface Params extends ClimbParams {
  readonly warm_up: number;
}

interface Memory extends Levels {
  bytes: number;
  lastAtMs: number | null;
  count: number;
}

const MB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const STALE_MS = 60_000; // an older reading is no news
const LOOKS_MIN = 3; // one may be chance
const GOOD_READINGS = 3;

/**
 * The worker's process tree climbs, and goes past `limit` within `within` if it goes on so. The rule looks back exactly as far as
 * it looks ahead: `within` is also how long the climb has been watched. What it buys is time: a whole group can be restarted one
 * by one, drained, before the first of them is at its limit. A leak that is quicker than that is left to `memory-above`.
 *
 * A fresh process grows until its caches are full: the first `warm_up` of its life counts for nothing.
 */
export const memoryClimbing = defineRule<Params, Memory>({
  name: "memory-climbing",
  summary: "the worker's process tree climbs steadily, and will hold more than limit within as long as within",
  params: z.strictObject({
    limit: size({ minBytes: MB }),
    within: duration({ minMs: HOUR_MS / 2, maxMs: 7 * 24 * HOUR_MS }).prefault("1h"),
    warm_up: duration({ minMs: 0 }).prefault("30m"),
  }),
  needs: ["memory"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: () => ({ bytes: 0, lastAtMs: null, count: 0, ...newLevels() }),

  observe(memory, observation, view, { params }) {
    if (observation.kind !== "memory") return;
    if (observation.atMs >= warmAtMs(view, params)) fileLevel(memory, observation, params);
    memory.bytes = observation.bytes;
    memory.lastAtMs = observation.atMs;
    memory.count++;
  },

  judge,

  /** The memory was given back. Whether the new process climbs as well shows only after its warm-up, as a symptom of its own. */
  verdict(memory, view, bound): RuleVerdict {
    if (judge(memory, view, bound).state === "sick") return "failed";
    return isKnown(memory, view) && memory.count >= GOOD_READINGS && memory.bytes <= bound.params.limit ? "recovered" : "undecided";
  },

  describe(memory, view, _judgement, { params }) {
    if (!isKnown(memory, view)) return "memory unknown: no reading of its process tree";
    const holds = `memory ${formatBytes(memory.bytes)}, limit ${formatBytes(params.limit)}`;
    if (view.nowMs < warmAtMs(view, params)) return `${holds}; it may still be warming up (allowed: ${formatDuration(params.warm_up)})`;
    if (memory.levels.length < LEVELS_MAX)
      return `${holds}; watched for ${inWords(watchedMs(memory, params))} of the ${formatDuration(params.within)} in which a climb shows`;
    if (memory.climb === null) return `${holds}, not climbing`;
    const { perHour, aheadMs } = memory.climb;
    const climbs = `${holds}, climbing by ${formatBytes(Math.round(perHour))} an hour`;
    if (aheadMs === null) return `${climbs} and levelling off before it is there`;
    return `${climbs}: there in ${inWords(aheadMs)} (allowed: not within ${formatDuration(params.within)})`;
  },

  flip,

  timing({ params }) {
    const seenMs = params.within + (LOOKS_MIN - 1) * spanMs(params);
    const words = `climbing for ${inWords(seenMs)}, not counting the first ${inWords(params.warm_up)} of a process`;
    return { bestMs: seenMs, worstMs: params.warm_up + seenMs, proofMs: 0, words };
  },

  advise: ({ params }, { groups, hostMemoryBytes }) => [
    ...besidePm2(params.limit, groups),
    ...beyondHost(params.limit, groups, hostMemoryBytes),
  ],
});

/** Where PM2 does not say when the process started, its life counts from the epoch. */
function warmAtMs({ startedAtMs, epochAtMs }: TargetView, params: Params): number {
  return (startedAtMs ?? epochAtMs) + params.warm_up;
}

function isKnown({ lastAtMs }: Memory, view: TargetView): boolean {
  return lastAtMs !== null && view.nowMs - lastAtMs <= STALE_MS;
}

function judge(memory: Memory, view: TargetView, { params }: Bound<Params>): Judgement {
  const known = isKnown(memory, view) && memory.levels.length === LEVELS_MAX;
  const isSick = known && memory.looks >= LOOKS_MIN;
  const aheadMs = memory.climb?.aheadMs ?? null;
  return {
    state: isSick ? "sick" : known ? "fine" : "unknown",
    sustained: isSick,
    sinceMs: isSick ? memory.sinceMs : null,
    dead: false,
    value: known && aheadMs !== null ? Math.round(aheadMs / 60_000) : null,
    threshold: params.within / 60_000,
    unit: "min until the limit",
    n: memory.count,
    low: null,
    high: null,
  };
}

function flip(memory: Memory, view: TargetView, { state }: Judgement, { params }: Bound<Params>): string {
  const [limit, within] = [formatBytes(params.limit), formatDuration(params.within)];
  if (state === "sick") return `clears when it stops climbing, or ${limit} is more than ${within} away`;
  if (!isKnown(memory, view)) return "needs a reading of its memory";
  const warmMs = warmAtMs(view, params) - view.nowMs;
  if (warmMs > 0) return `needs to be warm, in ${inWords(warmMs)}, and then readings for ${within}`;
  if (state === "unknown") return `needs readings for ${inWords(params.within - watchedMs(memory, params))} more`;
  const aheadMs = memory.climb?.aheadMs ?? null;
  if (memory.looks > 0) return `would heal if it went on climbing for ${inWords((LOOKS_MIN - memory.looks) * spanMs(params))} more`;
  if (aheadMs !== null)
    return `would heal if it went on climbing until ${limit} is less than ${within} away, in about ${inWords(aheadMs - params.within)}`;
  return `would heal if it climbed for ${within} so steadily that ${limit} would be reached within another ${within}`;
}

function besidePm2(limit: number, groups: Scene["groups"]): readonly RuleAdvice[] {
  const pm2 = limitOfPm2(groups);
  if (pm2 === null || pm2.bytes >= limit) return [];
  const message = `PM2 itself restarts ${pm2.name} at max_memory_restart ${formatBytes(pm2.bytes)}, before it is near this limit`;
  return [{ key: "limit", message, write: `${Math.max(1, Math.floor(pm2.bytes / MB))}MB` }];
}
