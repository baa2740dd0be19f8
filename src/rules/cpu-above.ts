import { z } from "zod";
import type { RuleVerdict } from "../core/judgement.ts";
import type { Observation } from "../core/observation.ts";
import { formatDuration } from "../core/quantities.ts";
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
import { corePercent, duration } from "./param-schemas.ts";
import { defineRule } from "./rule.ts";

/** What the kernel counted at the reading before; the share of a core is the growth between two of them. */
interface Memory extends Readings {
  pid: number | null;
  cpuMs: number;
  fromMs: number | null;
}

const SPAN_MS_MIN = 3_000; // the kernel counts in steps of 10 ms a process, which over a shorter span is a share that looks like more
const GOOD_READINGS = 3; // one may be luck

/**
 * The worker's process tree has used more than `limit` of a core for `for`: 100 % is one core, whatever the machine has. In
 * every reading, that is over each ten seconds: one pause among them starts the count over.
 *
 * A busy CPU is mostly honest work, and then a restart only throws it away; whether tasks still succeed, `success-rate` and
 * `queue-stalled` know, and an endless loop `frozen` finds. Hence the rule tells (`symptom`, `would_heal`) and does not heal,
 * unless its `mode: heal` says that these workers have no such work to do.
 */
export const cpuAbove = defineRule<LimitParams, Memory>({
  name: "cpu-above",
  summary: "the worker's process tree has used more than limit of a core for as long as for; told only unless mode: heal",
  params: z.strictObject({ limit: corePercent().prefault("95%"), for: duration().prefault("5m") }),
  needs: ["cpu"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  tellsOnly: true,
  fresh: () => ({ ...freshReadings(), pid: null, cpuMs: 0, fromMs: null }),

  observe(memory, observation, _view, { params }) {
    if (observation.kind === "cpu") fileCpu(memory, observation, params.limit);
  },

  judge(memory, view, { params }) {
    const judgement = judgeReadings(memory, view, params);
    return { ...judgement, value: judgement.value === null ? null : Math.round(judgement.value), unit: "% of a core" };
  },

  /** Not above for so long is too easy: `for` is longer than the grace period, and a worker that is above at once is not well. */
  verdict(memory, view, { params }): RuleVerdict {
    const { state, n } = judgeReadings(memory, view, params);
    if (state === "sick") return "failed";
    return state === "fine" && memory.aboveSinceMs === null && n >= GOOD_READINGS ? "recovered" : "undecided";
  },

  describe(memory, view, judgement, { params }) {
    if (judgement.state === "unknown") return "CPU unknown: its process tree was not read twice within the last minute";
    return describeReadings(memory, view, `CPU ${Math.round(memory.value)}% of a core, limit ${params.limit}%`, params);
  },

  flip(memory, view, { state }, { params }) {
    const [limit, patience] = [`${params.limit}%`, formatDuration(params.for)];
    if (state === "unknown") return `needs two readings of its CPU time; above ${limit} for ${patience} would be a symptom`;
    return (
      flipWhileAbove(memory, { nowMs: view.nowMs, state }, params, { limit, would: "would be a symptom" }) ??
      `would be a symptom if it used more than ${limit} of a core for ${patience}`
    );
  },

  timing: ({ params }) => timingAbove(params, `above ${params.limit}% of a core`),
});

/** A count that went down, or another process, is a beginning and no evidence. */
function fileCpu(memory: Memory, { pid, cpuMs, atMs }: Extract<Observation, { kind: "cpu" }>, limit: number): void {
  const spanMs = memory.fromMs === null || memory.pid !== pid ? null : atMs - memory.fromMs;
  if (spanMs !== null && spanMs < SPAN_MS_MIN) return;
  const usedMs = cpuMs - memory.cpuMs;
  if (spanMs !== null && usedMs >= 0) fileReading(memory, { value: (usedMs / spanMs) * 100, atMs }, limit);
  memory.pid = pid;
  memory.cpuMs = cpuMs;
  memory.fromMs = atMs;
}
