import { z } from "zod";
import { formatBytes, formatDuration } from "../core/quantities.ts";
import {
  describeReadings,
  fileReading,
  flipWhileAbove,
  freshReadings,
  judgeReadings,
  timingAbove,
  type LimitParams,
  type Readings,
} from "./above-limit.ts";
import { beyondHost, limitOfPm2 } from "./memory-advice.ts";
import { duration, size } from "./param-schemas.ts";
import { defineRule, type RuleAdvice, type Scene } from "./rule.ts";

const MB = 1024 * 1024;

/** The worker's process tree holds more memory than `limit` for `for`. Between the two, a spike is not a symptom. */
export const memoryAbove = defineRule<LimitParams, Readings>({
  name: "memory-above",
  summary: "the worker's process tree has held more than limit for as long as for",
  params: z.strictObject({ limit: size({ minBytes: MB }), for: duration().prefault("1m") }),
  needs: ["memory"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: freshReadings,

  observe(memory, observation, _view, { params }) {
    if (observation.kind === "memory") fileReading(memory, { value: observation.bytes, atMs: observation.atMs }, params.limit);
  },

  judge: (memory, view, { params }) => ({ ...judgeReadings(memory, view, params), unit: "bytes" }),

  describe(memory, view, judgement, { params }) {
    if (judgement.state === "unknown") return "memory unknown: no reading of its process tree";
    return describeReadings(memory, view, `memory ${formatBytes(memory.value)}, limit ${formatBytes(params.limit)}`, params);
  },

  flip(memory, view, judgement, { params }) {
    const limit = formatBytes(params.limit);
    if (judgement.state === "unknown") return `needs a reading of its memory; above ${limit} for ${formatDuration(params.for)} would heal`;
    const more = formatBytes(params.limit - memory.value + 1);
    return (
      flipWhileAbove(memory, { nowMs: view.nowMs, state: judgement.state }, params, { limit, would: "would heal" }) ??
      `would heal if it held more than ${limit} (${more} more than now) for ${formatDuration(params.for)}`
    );
  },

  timing: ({ params }) => timingAbove(params, "above the limit"),

  advise: ({ params }, { groups, hostMemoryBytes }) => [
    ...besidePm2(params.limit, groups),
    ...beyondHost(params.limit, groups, hostMemoryBytes),
  ],
});

function besidePm2(limit: number, groups: Scene["groups"]): readonly RuleAdvice[] {
  const pm2 = limitOfPm2(groups);
  if (pm2 === null) return [];
  const who = pm2.bytes <= limit ? "PM2 comes first and this rule never speaks" : "this rule comes first";
  const message = `PM2 itself restarts ${pm2.name} at max_memory_restart ${formatBytes(pm2.bytes)}: ${who}; keep one of the two`;
  return [{ key: null, message, write: null }];
}
