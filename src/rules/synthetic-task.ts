import { z } from "zod";
import type { QueueFacts, TargetView } from "../core/judgement.ts";
import type { UnansweredTask } from "../core/observation.ts";
import { plural } from "../core/words.ts";
import { tellsWorkersApart } from "../core/worker-template.ts";
import { duration, failuresOf, workerUrl } from "./param-schemas.ts";
import { adviseTimes } from "./probe-advice.ts";
import { requestHeaders, startup } from "./probe-params.ts";
import type { ProbePace } from "./probe-ring.ts";
import { defineProbe } from "./probe-rule.ts";
import { shownText } from "./probe-subject.ts";
import type { RuleAdvice, Scene } from "./rule.ts";
import { taskBody, taskFields, taskStatuses } from "./task-params.ts";

/** As `sensors/synthetic-tasks` reads them too: durations in ms. */
interface SyntheticTaskParams extends ProbePace {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly result_url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fields?: Readonly<Record<string, string | undefined>> | undefined;
  readonly statuses?: Readonly<Record<string, readonly string[] | undefined>> | undefined;
}

const READING_MS_MAX = 60_000; // an older depth of the queue is no news
const STANDSTILL_MS = 300_000; // as long as `queue-stalled` waits by itself: few tasks take longer, and not all at once

/**
 * A task of healer's own is put through the queue, and its result required. It is the one question that only a worker which really
 * works can answer. A task nobody has taken yet while others wait, or are in hand, is behind them and says nothing, unless nothing
 * at all was finished for five minutes; whoever has taken it has had its turn.
 */
export const syntheticTask = defineProbe<SyntheticTaskParams>({
  name: "synthetic-task",
  summary: "too many of the last tasks that healer put through the queue came back failed, or did not come back in time",
  params: z
    .strictObject({
      url: workerUrl(),
      body: taskBody().prefault({ type: "health_check" }),
      result_url: workerUrl("id").optional(),
      every: duration({ minMs: 5_000 }).prefault("1m"),
      timeout: duration({ maxMs: 3_600_000 }).prefault("30s"),
      failures: failuresOf().prefault("3 of 5"),
      startup: startup(),
      headers: requestHeaders().optional(),
      fields: taskFields().optional(),
      statuses: taskStatuses().optional(),
    })
    .superRefine(({ url, result_url: resultUrl }, context) => {
      if (resultUrl !== undefined || /\/enqueue$/.test(url)) return;
      const message = 'is missing: only of an url that ends with /enqueue it follows; write such as "http://127.0.0.1:8091/tasks/{id}"';
      context.addIssue({ code: "custom", path: ["result_url"], message });
    }),
  secrets: ["headers", "body"],
  subject: ({ url }, row) => `task to ${shownText(url, row)}`,
  ends: { soonest: "come back failed", latest: "not back after" },
  scope: (params) => (isPerWorker(params) ? "worker" : "group"),
  secondOpinion: true,
  provesNothing: ({ unanswered, detail }, view, { timeout }) => {
    const behind = unanswered === undefined || unanswered.taken ? null : whyBehind(view, unanswered, Math.max(timeout, STANDSTILL_MS));
    return behind === null ? null : `${detail}, ${behind}`;
  },
  advise: (params, scene) => [...takenByOthers(params, scene), ...withoutDepth(scene), ...adviseTimes(params)],
});

function isPerWorker({ url, result_url: resultUrl = "", body }: SyntheticTaskParams): boolean {
  return tellsWorkersApart([url, resultUrl, JSON.stringify(body)]);
}

/** What the task waits behind, in words; null = nothing, or it has stood still for so long that this is no excuse. */
function whyBehind(view: TargetView, task: UnansweredTask, standstillMs: number): string | null {
  if (view.blind !== null) return `and the queue cannot be read (${view.blind})`;
  const finishedAtMs = Math.max(0, ...view.queues.map(({ lastFinishedAtMs }) => lastFinishedAtMs ?? 0));
  if (view.nowMs - Math.max(task.sentAtMs, finishedAtMs, view.epochAtMs) >= standstillMs) return null;
  for (const facts of view.queues) {
    const waiting = Math.max(0, (facts.pending ?? 0) - task.own);
    const inHand = facts.running ?? 0;
    if (isFresh(facts, view) && waiting + inHand > 0)
      return `with ${plural(waiting, "other task")} waiting and ${inHand} in hand in ${facts.queue}`;
  }
  return null;
}

function isFresh({ atMs }: QueueFacts, { nowMs }: TargetView): boolean {
  return nowMs - atMs <= READING_MS_MAX;
}

/** Of two groups that work through one queue either may take the other's task. */
function takenByOthers({ url, body }: SyntheticTaskParams, { groups }: Scene): readonly RuleAdvice[] {
  if (groups.size < 2 || /\{(name|env\.|instance\}|pm_id\})/.test(url + JSON.stringify(body))) return [];
  const message = `the same task for ${plural(groups.size, "group")} (${[...groups.keys()].join(", ")}): if they share the queue, one may answer for another; put {name} into it, or write a strategy for each`;
  return [{ key: "body", message, write: null }];
}

function withoutDepth({ hasQueue }: Scene): readonly RuleAdvice[] {
  if (hasQueue !== false) return [];
  const message =
    "the strategy names no queue, so a task behind a long backlog looks like one that nobody takes, and workers are healed for it; name the queue";
  return [{ key: null, message, write: null }];
}
