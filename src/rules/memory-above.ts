import { z } from "zod";
import { formatBytes, formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import { duration, size } from "./param-schemas.ts";
import { defineRule } from "./rule.ts";

interface Params {
  readonly limit: number;
  readonly for: number;
}

interface Memory {
  bytes: number;
  lastAtMs: number | null;
  /** First of the unbroken readings above the limit; null = the last one was not above. */
  aboveSinceMs: number | null;
  count: number;
}

const GAP_MS_MAX = 60_000; // after a longer hole nobody can say that it stayed above; also: an older reading is no news
const MB = 1024 * 1024;

/** The worker's process tree holds more memory than `limit` for `for`. Between the two, a spike is not a symptom. */
export const memoryAbove = defineRule<Params, Memory>({
  name: "memory-above",
  summary: "the worker's process tree has held more than limit for as long as for",
  params: z.strictObject({ limit: size({ minBytes: MB }), for: duration().prefault("1m") }),
  needs: ["memory"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: () => ({ bytes: 0, lastAtMs: null, aboveSinceMs: null, count: 0 }),

  observe(memory, observation, _view, { params }) {
    if (observation.kind !== "memory") return;
    const isGap = memory.lastAtMs !== null && observation.atMs - memory.lastAtMs > GAP_MS_MAX;
    if (observation.bytes <= params.limit) memory.aboveSinceMs = null;
    else if (memory.aboveSinceMs === null || isGap) memory.aboveSinceMs = observation.atMs;
    memory.bytes = observation.bytes;
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
      value: isKnown ? memory.bytes : null,
      threshold: params.limit,
      unit: "bytes",
      n: memory.count,
      low: null,
      high: null,
    };
  },

  describe(memory, view, judgement, { params }) {
    if (judgement.state === "unknown") return "memory unknown: no reading of its process tree";
    const against = `memory ${formatBytes(memory.bytes)}, limit ${formatBytes(params.limit)}`;
    if (memory.aboveSinceMs === null) return against;
    return `${against}, above it for ${inWords(view.nowMs - memory.aboveSinceMs)} (allowed: ${formatDuration(params.for)})`;
  },

  flip(memory, view, judgement, { params }) {
    if (judgement.state === "sick") return `clears with one reading at or below ${formatBytes(params.limit)}`;
    const limit = formatBytes(params.limit);
    if (judgement.state === "unknown") return `needs a reading of its memory; above ${limit} for ${formatDuration(params.for)} would heal`;
    if (memory.aboveSinceMs !== null)
      return `would heal if it stayed above ${limit} for ${inWords(params.for - (view.nowMs - memory.aboveSinceMs))} more`;
    const more = formatBytes(params.limit - memory.bytes + 1);
    return `would heal if it held more than ${limit} (${more} more than now) for ${formatDuration(params.for)}`;
  },
});
