import { z } from "zod";
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
import { duration } from "./param-schemas.ts";
import { defineRule, type RuleAdvice, type Scene } from "./rule.ts";

const LIMIT_MS_MIN = 50; // the worker measures in steps of 20 ms

/**
 * Whatever the worker does next has waited longer than `limit` for the event loop, for as long as `for`. It measures that
 * itself (`pm2-healer/worker`: the 99th percentile between two heartbeats, so that one long task in five seconds is no
 * delay). A loop that is blocked for good measures nothing any more: `frozen` and `heartbeat-missing` are for that.
 */
export const eventLoopDelayAbove = defineRule<LimitParams, Readings>({
  name: "event-loop-delay-above",
  summary: "the worker's event loop has been later than limit for as long as for; measured by pm2-healer/worker",
  params: z.strictObject({
    limit: duration({ minMs: LIMIT_MS_MIN, maxMs: 60_000 }).prefault("500ms"),
    for: duration().prefault("1m"),
  }),
  needs: ["loop-delay"],
  scope: "worker",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  fresh: freshReadings,

  observe(memory, observation, _view, { params }) {
    if (observation.kind === "loop-delay") fileReading(memory, { value: observation.delayMs, atMs: observation.atMs }, params.limit);
  },

  judge(memory, view, { params }) {
    const judgement = judgeReadings(memory, view, params);
    return { ...judgement, value: judgement.value === null ? null : Math.round(judgement.value), unit: "ms of event-loop delay" };
  },

  describe(memory, view, judgement, { params }) {
    if (judgement.state === "unknown") return "event-loop delay unknown: the worker reported none lately";
    const against = `event-loop delay ${Math.round(memory.value)} ms, limit ${formatDuration(params.limit)}`;
    return describeReadings(memory, view, against, params);
  },

  flip(memory, view, judgement, { params }) {
    const [limit, patience] = [formatDuration(params.limit), formatDuration(params.for)];
    if (judgement.state === "unknown") return `needs a report of its event-loop delay; above ${limit} for ${patience} would heal`;
    return (
      flipWhileAbove(memory, { nowMs: view.nowMs, state: judgement.state }, params, { limit, would: "would heal" }) ??
      `would heal if its event loop were later than ${limit} for ${patience}`
    );
  },

  timing: ({ params }) => timingAbove(params, "later than the limit"),

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
