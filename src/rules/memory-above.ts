import { z } from "zod";
import { formatBytes, formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import { duration, size } from "./param-schemas.ts";
import { defineRule, type RuleAdvice, type Scene } from "./rule.ts";

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
const HOST_SHARE = 0.75; // what the workers of a group may take together leaves the rest of the machine room

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

  timing: ({ params }) => ({ bestMs: params.for, worstMs: params.for, proofMs: 0, words: `above the limit for ${inWords(params.for)}` }),

  advise: ({ params }, { groups, hostMemoryBytes }) => [
    ...besidePm2(params.limit, groups),
    ...beyondHost(params.limit, groups, hostMemoryBytes),
  ],
});

function besidePm2(limit: number, groups: Scene["groups"]): readonly RuleAdvice[] {
  const limited = [...groups.values()].flat().find(({ maxMemoryRestartBytes }) => maxMemoryRestartBytes !== null);
  const bytes = limited?.maxMemoryRestartBytes ?? null;
  if (limited === undefined || bytes === null) return [];
  const who = bytes <= limit ? "PM2 comes first and this rule never speaks" : "this rule comes first";
  const message = `PM2 itself restarts ${limited.name} at max_memory_restart ${formatBytes(bytes)}: ${who}; keep one of the two`;
  return [{ key: null, message, write: null }];
}

function beyondHost(limit: number, groups: Scene["groups"], hostBytes: number | null): readonly RuleAdvice[] {
  if (hostBytes === null || limit < hostBytes) return [];
  const workers = Math.max(1, ...[...groups.values()].map((rows) => rows.length));
  const share = Math.max(1, Math.floor((hostBytes * HOST_SHARE) / workers / MB));
  const message = `${formatBytes(limit)} is no less than this machine's memory (${formatBytes(hostBytes)}): the kernel ends a worker before this rule speaks`;
  return [{ key: "limit", message, write: `${share}MB` }];
}
