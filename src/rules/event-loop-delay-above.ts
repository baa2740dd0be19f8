import { z } from "zod";
import { formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type RuleAdvice, type Scene } from "./rule.ts";

interface Params {
  readonly limit: number;
  readonly for: number;
}

interface Memory {
  delayMs: number;
  lastAtMs: number | null;
  /** First of the unbroken readings above the limit; null = the last one was not above. */
  aboveSinceMs: number | null;
  count: number;
}

const GAP_MS_MAX = 60_000; // after a longer hole nobody can say that it stayed above; also: an older reading is no news
const LIMIT_MS_MIN = 50; // the worker measures in steps of 20 ms

/**
 * Whatever the worker does next has waited longer than `limit` for the event loop, for as long as `for`. It measures that
 * itself (`pm2-healer/worker`: the 99th percentile between two heartbeats, so that one long task in five seconds is no
 * delay). A loop that is blocked for good measures nothing any more: `frozen` and `heartbeat-missing` are for that.
 */
export const eventLoopDelayAbove = defineRule<Params, Memory>({
  name: "event-loop-delay-above",
  summary: "the worker's event loop has been later than limit for as long as for; measured by pm2-healer/worker",
  params: z.strictObject({
    limit: duration({ minMs: LIMIT_MS_MIN, maxMs: 60_000 }).prefault("500ms"),
    for: duration().prefault("1m"),
  }),
  needs: ["loop-delay"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: () => ({ delayMs: 0, lastAtMs: null, aboveSinceMs: null, count: 0 }),

  observe(memory, observation, _view, { params }) {
    if (observation.kind !== "loop-delay") return;
    const isGap = memory.lastAtMs !== null && observation.atMs - memory.lastAtMs > GAP_MS_MAX;
    if (observation.delayMs <= params.limit) memory.aboveSinceMs = null;
    else if (memory.aboveSinceMs === null || isGap) memory.aboveSinceMs = observation.atMs;
    memory.delayMs = observation.delayMs;
    memory.lastAtMs = observation.atMs;
    memory.count++;
  },

  judge(memory, view, { params }) {
    const { lastAtMs, aboveSinceMs } = memory;
    const isKnown = lastAtMs !== null && view.nowMs - lastAtMs <= GAP_MS_MAX;
    const isSick = isKnown && aboveSinceMs !== null && lastAtMs - aboveSinceMs >= params.for;
    return {
      state: isSick ? "sick" : isKnown ? "fine" : "unknown",
      sustained: isSick,
      sinceMs: isSick ? aboveSinceMs : null,
      dead: false,
      value: isKnown ? Math.round(memory.delayMs) : null,
      threshold: params.limit,
      unit: "ms of event-loop delay",
      n: memory.count,
      low: null,
      high: null,
    };
  },

  describe(memory, view, judgement, { params }) {
    if (judgement.state === "unknown") return "event-loop delay unknown: the worker reported none lately";
    const against = `event-loop delay ${Math.round(memory.delayMs)} ms, limit ${formatDuration(params.limit)}`;
    if (memory.aboveSinceMs === null) return against;
    return `${against}, above it for ${inWords(view.nowMs - memory.aboveSinceMs)} (allowed: ${formatDuration(params.for)})`;
  },

  flip(memory, view, judgement, { params }) {
    const limit = formatDuration(params.limit);
    if (judgement.state === "sick") return `clears with one reading at or below ${limit}`;
    if (judgement.state === "unknown")
      return `needs a report of its event-loop delay; above ${limit} for ${formatDuration(params.for)} would heal`;
    if (memory.aboveSinceMs !== null)
      return `would heal if it stayed above ${limit} for ${inWords(params.for - (view.nowMs - memory.aboveSinceMs))} more`;
    return `would heal if its event loop were later than ${limit} for ${formatDuration(params.for)}`;
  },

  timing: ({ params }) => ({
    bestMs: params.for,
    worstMs: params.for,
    proofMs: 0,
    words: `later than the limit for ${inWords(params.for)}`,
  }),

  advise: (_bound, { groups }) => withoutMeasure(groups),
});

function withoutMeasure(groups: Scene["groups"]): readonly RuleAdvice[] {
  return [...groups]
    .filter(([, rows]) => rows.length > 0 && rows.every(({ report }) => report === null || report.loopDelayMs === null))
    .map(([group]) => ({
      key: null,
      message: `no worker of ${group} reports its event-loop delay: this rule never speaks of one that does not use pm2-healer/worker`,
      write: null,
    }));
}
