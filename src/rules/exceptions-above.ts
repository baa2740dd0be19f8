import { z } from "zod";
import { formatDuration } from "../core/quantities.ts";
import { plural } from "../core/words.ts";
import {
  fileHappenings,
  flipOfHappenings,
  freshHappenings,
  isInGrace,
  judgeHappenings,
  timingOfHappenings,
  verdictOfHappenings,
  type Happenings,
  type Measure,
} from "./count-within.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type Bound, type RuleAdvice, type Scene } from "./rule.ts";

interface Params {
  readonly limit: number;
  readonly within: number;
}

const WITHIN_MS_MAX = 3_600_000;

/**
 * More than `limit` uncaught exceptions within `within`, of a worker that lives on. PM2 shows it `online`: a listener of its own
 * for `uncaughtException`, or PM2's agent, which listens to rejected promises nobody caught, keeps the process from ending. What
 * it was doing was broken off half way each time. An exception that ends the process begins another life: those are
 * `restart-storm`'s. PM2 tells them on its bus (`process:exception`), of Node workers alone, and which worker it was PM2 says.
 */
export const exceptionsAbove = defineRule<Params, Happenings>({
  name: "exceptions-above",
  summary: "more than limit uncaught exceptions, or promises rejected and not caught, within within, of a worker that lives on",
  params: z.strictObject({
    limit: z.int("expected a whole number of exceptions").min(0).max(100_000).default(10).meta({ description: "exceptions that may be" }),
    within: duration({ minMs: 1000, maxMs: WITHIN_MS_MAX }).prefault("5m"),
  }),
  needs: ["exceptions"],
  knobs: ["gracePeriodMs"],
  scope: "worker",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  fresh: freshHappenings,

  observe(memory, observation, view, bound) {
    if (observation.kind !== "exceptions") return;
    fileHappenings(memory, { fromMs: observation.atMs, count: observation.count }, view, measureOf(bound));
  },

  judge: (memory, view, bound) => ({ ...judgeHappenings(memory, view.nowMs, measureOf(bound)), threshold: bound.params.limit }),

  verdict: (memory, view, bound) => verdictOfHappenings(memory, judgeHappenings(memory, view.nowMs, measureOf(bound)), measureOf(bound)),

  describe(memory, _view, { state, value }, { params }) {
    if (isInGrace(memory)) return "uncaught exceptions count from the end of its grace period on";
    if (state === "unknown") return "uncaught exceptions unknown: PM2's bus was not heard lately, or does not tell of this worker's";
    return `${plural(value ?? 0, "uncaught exception")} in the last ${formatDuration(params.within)}, limit ${params.limit}`;
  },

  flip(memory, view, { state }, bound) {
    const { params } = bound;
    if (state !== "unknown") return flipOfHappenings(memory, view.nowMs, state, measureOf(bound));
    return `needs PM2's bus; more than ${params.limit} uncaught exceptions within ${formatDuration(params.within)} would heal`;
  },

  timing: (bound) => timingOfHappenings(measureOf(bound)),

  advise: (_bound, { groups }) => untold(groups),
});

function measureOf({ params: { limit, within }, knobs }: Bound<Params>): Measure {
  return { needed: limit + 1, withinMs: within, noun: "uncaught exception", graceMs: knobs.gracePeriodMs };
}

function untold(groups: Scene["groups"]): readonly RuleAdvice[] {
  return [...groups]
    .filter(([, rows]) => rows.length > 0 && rows.every(({ tellsExceptions }) => !tellsExceptions))
    .map(([group]) => ({
      key: null,
      message: `PM2 hears of no exception of ${group}: its workers are no Node programs, or started with pmx: false; this rule never speaks of them`,
      write: null,
    }));
}
