import { z } from "zod";
import type { Judgement, QueueFacts, RuleVerdict, TargetView } from "../core/judgement.ts";
import { formatDuration } from "../core/quantities.ts";
import { inWords, plural } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type Bound } from "./rule.ts";

interface Params {
  readonly for: number;
}

interface Memory {
  readonly epochAtMs: number;
  readonly ignoreUntilMs: number;
  /** Last reading at which this target had finished something; null = not since the epoch. */
  finishedAtMs: number | null;
  finished: number;
}

const READING_MS_MAX = 60_000; // an older depth of the queue is no news (decision-core §4.5: no reply for 60 s is blind)

/**
 * Nothing gets finished while tasks are waiting: of a worker where the queue says who finished what, of the group where
 * it has totals only. A long task looks the same from outside, so `for` must exceed the longest one.
 */
export const queueStalled = defineRule<Params, Memory>({
  name: "queue-stalled",
  summary: "tasks have been pending for as long as for, and nothing was finished; for must exceed the longest task",
  params: z.strictObject({ for: duration({ minMs: 5000 }).prefault("5m") }),
  needs: ["queue", "tasks"],
  scope: "tasks",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  fresh: (epoch) => ({ epochAtMs: epoch.atMs, ignoreUntilMs: epoch.ignoreTasksUntilMs, finishedAtMs: null, finished: 0 }),

  observe(memory, observation) {
    if (observation.kind !== "tasks" || observation.atMs < memory.ignoreUntilMs) return;
    const finished = observation.ok + observation.failed;
    if (finished === 0) return;
    memory.finishedAtMs = observation.atMs;
    memory.finished += finished;
  },

  judge,

  verdict(memory, view, bound): RuleVerdict {
    if (judge(memory, view, bound).state === "sick") return "failed";
    if (view.blind !== null) return "undecided";
    if (memory.finished > 0) return "recovered";
    const finishedAtMs = view.kind === "group" ? finishedByAll(view) : null;
    return finishedAtMs !== null && finishedAtMs > memory.ignoreUntilMs ? "recovered" : "undecided";
  },

  describe(memory, view, judgement, { params }) {
    if (view.blind !== null) return `the queue cannot be read: ${view.blind}`;
    const waiting = longestPending(view);
    if (judgement.state === "unknown") return "the queue's figures do not speak of this target, or were not read lately";
    if (waiting === null) return "nothing is pending";
    const idle = inWords(view.nowMs - silentSince(memory, view, waiting));
    const depth = `${plural(waiting.pending ?? 0, "task")} pending in ${waiting.queue}`;
    return judgement.state === "sick"
      ? `nothing finished for ${idle} with ${depth} (allowed: ${formatDuration(params.for)})`
      : `${depth}; last sign of progress ${idle} ago (allowed: ${formatDuration(params.for)})`;
  },

  flip(memory, view, judgement, { params }) {
    const waiting = longestPending(view);
    if (judgement.state === "unknown") return "needs a reading of the queue that speaks of this target";
    if (judgement.state === "sick") return "clears when a task is finished, or none is pending";
    if (waiting === null) return `would heal if tasks were pending for ${formatDuration(params.for)} and none was finished`;
    return `would heal if nothing is finished for ${inWords(params.for - (view.nowMs - silentSince(memory, view, waiting)))} more`;
  },

  timing: ({ params }) => ({
    bestMs: params.for,
    worstMs: params.for,
    proofMs: 0,
    words: `nothing finished for ${inWords(params.for)} while tasks are pending`,
  }),

  advise({ params, knobs }) {
    if (params.for <= knobs.windowMs) return [];
    const message = `${formatDuration(params.for)} is longer than the window (${formatDuration(knobs.windowMs)}): nobody waits that long for one task, and a stalled worker stands still until then`;
    return [{ key: "for", message, write: "5m" }];
  },
});

function judge(memory: Memory, view: TargetView, { params }: Bound<Params>): Judgement {
  const isKnown = view.blind === null && speaksOf(view);
  const waiting = isKnown ? longestPending(view) : null;
  const sinceMs = waiting === null ? null : silentSince(memory, view, waiting);
  const isSick = sinceMs !== null && view.nowMs - sinceMs >= params.for;
  return {
    state: isSick ? "sick" : isKnown ? "fine" : "unknown",
    sustained: isSick,
    sinceMs: isSick ? sinceMs : null,
    dead: false,
    value: sinceMs === null ? null : Math.round((view.nowMs - sinceMs) / 1000),
    threshold: params.for / 1000,
    unit: "s without a finished task",
    n: memory.finished,
    low: null,
    high: null,
  };
}

/** At least one queue was read lately whose figures are this target's own. */
function speaksOf(view: TargetView): boolean {
  for (const facts of view.queues) if (isAbout(view, facts)) return true;
  return false;
}

/** Whoever the newest reading says nothing of may have finished anything: no data is no standstill. */
function isAbout(view: TargetView, facts: QueueFacts): boolean {
  const isCounted = facts.countedSinceMs === null || Object.hasOwn(facts.countedSinceMs, view.id);
  const speaks = isCounted && facts.pending !== null && facts.totalsOnly === (view.kind === "group");
  return speaks && view.nowMs - facts.atMs <= READING_MS_MAX;
}

/** The queue in which tasks have waited longest; null = nothing is pending. */
function longestPending(view: TargetView): QueueFacts | null {
  let longest: QueueFacts | null = null;
  for (const facts of view.queues) {
    if (facts.pendingSinceMs === null || !isAbout(view, facts)) continue;
    if (longest === null || facts.pendingSinceMs < (longest.pendingSinceMs ?? 0)) longest = facts;
  }
  return longest;
}

/** From when nothing was finished although something could have been: what is ignored after our own action is no silence. */
function silentSince(memory: Memory, view: TargetView, waiting: QueueFacts): number {
  const heardFromMs = Math.min(view.nowMs, Math.max(memory.epochAtMs, memory.ignoreUntilMs));
  const byGroup = view.kind === "group" ? finishedByAll(view) : null;
  const countedSinceMs = waiting.countedSinceMs?.[view.id] ?? 0;
  return Math.max(waiting.pendingSinceMs ?? view.nowMs, heardFromMs, memory.finishedAtMs ?? 0, byGroup ?? 0, countedSinceMs);
}

/** With totals only: whatever any of its queues saw finished. Working through another queue first is not a stall. */
function finishedByAll(view: TargetView): number | null {
  let latest: number | null = null;
  for (const facts of view.queues) {
    if (facts.lastFinishedAtMs !== null && (latest === null || facts.lastFinishedAtMs > latest)) latest = facts.lastFinishedAtMs;
  }
  return latest;
}
