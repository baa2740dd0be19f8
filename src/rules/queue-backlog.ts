import { z } from "zod";
import { formatDuration } from "../core/quantities.ts";
import { inWords, plural } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { fileLevel, judgeLevels, standingLevel, verdictOfLevels, type Limit, type QueueLevels } from "./queue-level.ts";
import { defineRule } from "./rule.ts";

interface Params {
  readonly above: number;
  readonly for: number;
}

/**
 * More tasks wait in a queue than `above`, in every reading for `for`.
 *
 * Who is to blame: nobody that the figure names. Too much work, a slow upstream and workers that hang look the same in it, so it
 * speaks of the whole group, never of one worker. Of the three only the last is cured by a restart; in the other two a rolling
 * restart takes away hands just when work piles up. Hence the rule tells (`symptom`, `would_heal`) and does not heal, unless its
 * `mode: heal` says that for these workers a restart is the cure; then the ladder is climbed by the group, one worker after
 * another. What is wrong with single workers, `success-rate`, `queue-stalled` and `frozen` find.
 */
export const queueBacklog = defineRule<Params, QueueLevels>({
  name: "queue-backlog",
  summary: "more tasks than above have been pending for as long as for; of the group, and told only unless mode: heal",
  params: z.strictObject({
    above: z.int("expected a whole number of tasks").min(0).meta({ description: "tasks that may wait" }),
    for: duration().prefault("5m"),
  }),
  needs: ["queue"],
  scope: "group",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  tellsOnly: true,
  fresh: (epoch) => ({ epochAtMs: epoch.atMs, levels: {}, count: 0 }),

  observe(memory, observation, _view, { params }) {
    if (observation.kind === "queue") fileLevel(memory, observation, observation.pending, limitOf(params));
  },

  judge: (memory, view, { params }) => ({
    ...judgeLevels(memory, view, limitOf(params)),
    dead: false,
    value: standingLevel(memory, view)?.value ?? null,
    threshold: params.above,
    unit: "pending tasks",
    n: memory.count,
    low: null,
    high: null,
  }),

  verdict: (memory, view, { params }) => verdictOfLevels(memory, view, limitOf(params)),

  describe(memory, view, _judgement, { params }) {
    if (view.blind !== null) return `the queue cannot be read: ${view.blind}`;
    const level = standingLevel(memory, view);
    if (level === null) return "no queue of it has told lately how much is pending";
    const depth = `${plural(level.value, "task")} pending in ${level.queue}, limit ${params.above}`;
    return level.sinceMs === null
      ? depth
      : `${depth}, above it for ${inWords(view.nowMs - level.sinceMs)} (allowed: ${formatDuration(params.for)})`;
  },

  flip(memory, view, judgement, { params }) {
    const level = standingLevel(memory, view);
    const stands = `${formatDuration(params.for)}`;
    if (level === null) return `needs a reading of how much is pending; more than ${params.above} for ${stands} would be a symptom`;
    if (judgement.state === "sick") return `clears with one reading of at most ${params.above} pending`;
    if (level.sinceMs === null) return `would be a symptom if more than ${params.above} were pending for ${stands}`;
    return `would be a symptom if it stayed above ${params.above} for ${inWords(params.for - (level.atMs - level.sinceMs))} more`;
  },

  timing: ({ params }) => ({
    bestMs: params.for,
    worstMs: params.for,
    proofMs: 0,
    words: `more than ${params.above} pending for ${inWords(params.for)}`,
  }),

  advise({ params }) {
    if (params.above > 0) return [];
    const message = "0 is exceeded by any task that waits, and a queue that is worked off always has some";
    return [{ key: "above", message, write: "100" }];
  },
});

function limitOf(params: Params): Limit {
  return { above: params.above, forMs: params.for };
}
