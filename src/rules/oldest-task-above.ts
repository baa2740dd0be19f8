import { z } from "zod";
import type { QueueFacts, TargetView } from "../core/judgement.ts";
import type { Observation } from "../core/observation.ts";
import { formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { fileLevel, judgeLevels, standingLevel, verdictOfLevels, type Limit, type QueueLevels } from "./queue-level.ts";
import { defineRule } from "./rule.ts";

interface Params {
  readonly age: number;
  readonly for: number;
}

/**
 * The task that has waited longest in a queue is older than `age`, in every reading for `for`. A queue in steady motion may be
 * long and yet serve everybody soon; the age is what the people who wait notice. The age has grown by itself until then, so
 * that `for` only keeps one odd reading from being a symptom.
 *
 * It speaks of the group and only tells, for the reasons of `queue-backlog`: one task may be old because it is held back,
 * retried, or of a priority nobody works on. `mode: heal` lets the group climb the ladder.
 */
export const oldestTaskAbove = defineRule<Params, QueueLevels>({
  name: "oldest-task-above",
  summary: "the oldest waiting task has been older than age for as long as for; of the group, and told only unless mode: heal",
  params: z.strictObject({ age: duration(), for: duration().prefault("1m") }),
  needs: ["queue"],
  scope: "group",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  tellsOnly: true,
  fresh: (epoch) => ({ epochAtMs: epoch.atMs, levels: {}, count: 0 }),

  observe(memory, observation, _view, { params }) {
    if (observation.kind === "queue") fileLevel(memory, observation, oldestIn(observation), limitOf(params));
  },

  judge(memory, view, { params }) {
    const level = standingLevel(memory, view);
    return {
      ...judgeLevels(memory, view, limitOf(params)),
      dead: false,
      value: level === null ? null : Math.round(level.value / 1000),
      threshold: params.age / 1000,
      unit: "s that the oldest task has waited",
      n: memory.count,
      low: null,
      high: null,
    };
  },

  verdict: (memory, view, { params }) => verdictOfLevels(memory, view, limitOf(params)),

  describe(memory, view, _judgement, { params }) {
    if (view.blind !== null) return `the queue cannot be read: ${view.blind}`;
    const level = standingLevel(memory, view);
    if (level === null) return "no queue of it has told lately how long its oldest task has waited";
    if (level.value === 0 && factsOf(view, level.queue)?.pending === 0) return `nothing is pending in ${level.queue}`;
    const age = `the oldest task in ${level.queue} has waited for ${inWords(level.value)}, limit ${formatDuration(params.age)}`;
    return level.sinceMs === null
      ? age
      : `${age}, above it for ${inWords(view.nowMs - level.sinceMs)} (allowed: ${formatDuration(params.for)})`;
  },

  flip(memory, view, judgement, { params }) {
    const level = standingLevel(memory, view);
    const [age, stands] = [formatDuration(params.age), formatDuration(params.for)];
    if (level === null) return `needs the age of the oldest waiting task; above ${age} for ${stands} would be a symptom`;
    if (judgement.state === "sick") return `clears with one reading at or below ${age}`;
    if (level.sinceMs === null) return `would be a symptom if the oldest task had waited for more than ${age}, for ${stands}`;
    return `would be a symptom if it stayed above ${age} for ${inWords(params.for - (level.atMs - level.sinceMs))} more`;
  },

  timing({ params }) {
    const words = `a task has waited for ${inWords(params.age)}, and ${inWords(params.for)} more`;
    return { bestMs: params.age + params.for, worstMs: params.age + params.for, proofMs: 0, words };
  },
});

/** Where nothing waits, nothing is old, whether or not the queue puts a figure to that. */
function oldestIn({ pending, oldestMs }: Extract<Observation, { kind: "queue" }>): number | null {
  return pending === 0 ? 0 : (oldestMs ?? null);
}

function factsOf({ queues }: TargetView, name: string): QueueFacts | undefined {
  return queues.find(({ queue }) => queue === name);
}

function limitOf(params: Params): Limit {
  return { above: params.age, forMs: params.for };
}
