import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import { formatDuration } from "../core/quantities.ts";
import { inWords, plural } from "../core/words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type Bound, type RuleAdvice } from "./rule.ts";

interface Params {
  readonly restarts: number;
  readonly within: number;
}

interface Memory {
  readonly epochAtMs: number;
}

const EXITS_KEPT_MS = 3_600_000; // the core remembers an hour of exits, at most 64
const TRIAL_MS_MIN = 60_000;

/**
 * A worker that keeps crashing, or that PM2 has given up. PM2 restarts it already, so that one more restart is no cure:
 * the row is held down, then started once as a trial, proven by a life twice as long as the last one (decision-core §4.5).
 */
export const restartStorm = defineRule<Params, Memory>({
  name: "restart-storm",
  summary: "restarts unplanned exits within within, or PM2 gave the worker up (errored); always on",
  params: z.strictObject({
    restarts: z.number().int().min(2).max(64).default(3),
    within: duration({ minMs: 1000, maxMs: EXITS_KEPT_MS }).prefault("5m"),
  }),
  needs: ["exits"],
  scope: "worker",
  actsInGrace: true,
  action: "hold-down",
  fresh: (epoch) => ({ epochAtMs: epoch.atMs }),
  observe() {}, // exits come with the view
  judge,

  verdict(memory, view): RuleVerdict {
    if (hasGivenUp(view) || exitsAfter(view, memory.epochAtMs) > 0) return "failed";
    if (view.row === null || view.row.pid === null) return "undecided";
    return view.nowMs - memory.epochAtMs >= trialMs(view) ? "recovered" : "undecided";
  },

  describe(_memory, view, judgement, { params }) {
    const life = view.lastLifeMs === null ? "" : `, the last time after ${inWords(view.lastLifeMs)} of life`;
    const exits = judgement.value ?? 0;
    if (hasGivenUp(view)) return `PM2 gave it up (status errored)${exits === 0 ? "" : ` after ${plural(exits, "unplanned exit")}${life}`}`;
    if (exits === 0) return `no unplanned exit in the last ${formatDuration(params.within)}`;
    return `${plural(exits, "unplanned exit")} in the last ${formatDuration(params.within)}${life}; ${params.restarts} are a crash loop`;
  },

  flip(_memory, view, judgement, { params }) {
    if (judgement.state === "sick") return `clears when it is held down, started once, and then lives ${inWords(trialMs(view))}`;
    const exits = judgement.value ?? 0;
    const oldestAtMs = exits === 0 ? null : (view.exits[view.exits.length - exits] ?? null);
    const within = oldestAtMs === null ? formatDuration(params.within) : `the next ${inWords(oldestAtMs + params.within - view.nowMs)}`;
    return `would be held down after ${plural(params.restarts - exits, exits === 0 ? "unplanned exit" : "more unplanned exit")} within ${within}`;
  },

  timing({ params: { restarts, within } }) {
    const words = `from the first of ${restarts} exits to the last: at once, or just within ${inWords(within)}`;
    return { bestMs: 0, worstMs: within, proofMs: TRIAL_MS_MIN, words };
  },

  advise: ({ params }, { groups }) => [...groups].flatMap(([group, rows]) => adviseGroup(params, group, rows)),
});

function judge(memory: Memory, view: TargetView, { params }: Bound<Params>): Judgement {
  const exits = exitsAfter(view, Math.max(memory.epochAtMs, view.nowMs - params.within));
  const isStorm = exits >= params.restarts;
  const isSick = isStorm || hasGivenUp(view);
  return {
    state: isSick ? "sick" : "fine",
    sustained: isSick,
    sinceMs: isSick ? sickSince(view, { isStorm, storm: exits - params.restarts }) : null,
    dead: isSick,
    value: exits,
    threshold: params.restarts,
    unit: "unplanned exits",
    n: exits,
    low: null,
    high: null,
  };
}

/** The instant of the exit that made it a storm; for a worker PM2 gave up, when it did. */
function sickSince(view: TargetView, options: { isStorm: boolean; storm: number }): number {
  if (!options.isStorm) return view.statusSinceMs;
  return view.exits[view.exits.length - 1 - options.storm] ?? view.nowMs;
}

function hasGivenUp(view: TargetView): boolean {
  return view.row !== null && view.row.status === "errored";
}

/** Exits are in ascending order; only the newest few are looked at. */
function exitsAfter(view: TargetView, atMs: number): number {
  let count = 0;
  for (let index = view.exits.length - 1; index >= 0 && (view.exits[index] ?? 0) > atMs; index--) count++;
  return count;
}

/** How long a trial must live to be believed: a minute, or twice what it took to crash. */
function trialMs(view: TargetView): number {
  return Math.max(TRIAL_MS_MIN, 2 * (view.lastLifeMs ?? 0));
}

function adviseGroup({ restarts, within }: Params, group: string, rows: readonly WorkerRow[]): readonly RuleAdvice[] {
  const left = rows.find(({ autorestart }) => !autorestart);
  if (left !== undefined) {
    const message = `PM2's autorestart is off for ${group}: after a crash it stays stopped, which healer takes for an operator's stop, and no rule brings it back`;
    return [{ key: null, message, write: null }];
  }
  const slow = rows.find(({ restartDelayMs }) => restartDelayMs * (restarts - 1) > within);
  if (slow !== undefined) {
    const delay = inWords(slow.restartDelayMs);
    const enough = formatDuration(Math.ceil((slow.restartDelayMs * restarts) / 60_000) * 60_000);
    const message = `PM2 waits ${delay} before it restarts ${group} (restart_delay), so ${restarts} exits never come within ${formatDuration(within)}`;
    return [{ key: "within", message, write: enough }];
  }
  const patience = Math.min(...rows.map(({ maxRestarts }) => maxRestarts));
  if (patience >= restarts) return [];
  const message = `PM2 gives ${group} up after ${plural(Math.max(1, patience), "quick exit")} (max_restarts): the crash loop is told and held down then, before ${restarts} exits`;
  return [{ key: "restarts", message, write: null, isNote: true }];
}
