import { endHeal } from "./heal-end.ts";
import { healOf } from "./control.ts";
import type { Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { forgetOldProcess, startEpoch, withControl } from "./target.ts";
import { say, type Turn } from "./turn.ts";
import type { WorkerRow } from "./worker-row.ts";

const EXITS_KEPT_MAX = 64;
const EXITS_KEPT_MS = 3_600_000;

interface Change {
  readonly strategy: Strategy;
  readonly before: WorkerRow;
  readonly row: WorkerRow;
}

/**
 * Compares two readings of one row. PM2's `created_at` moves on every commanded start or restart (API, memory limit,
 * watch, cron) and stands still when PM2 merely brings a crashed process back.
 */
export function noteRestart(turn: Turn, target: Target, change: Change): void {
  const { before, row } = change;
  if (row.startedWallMs === before.startedWallMs && row.pid === before.pid) return;
  if (isOursToExplain(target)) return;
  const commanded = row.createdWallMs !== before.createdWallMs;
  if (isStopped(row) && !isStopped(before)) return stoppedBySomebody(turn, target);
  if (row.pid === null) return; // between an exit and PM2's restart of it: the restart will count
  if (commanded) return restartedBySomebody(turn, target, change);
  if (row.startedWallMs !== before.startedWallMs) crashed(turn, target, change);
}

/** While an action of ours runs, and until its result has come in, every change of the row is ours. */
function isOursToExplain(target: Target): boolean {
  const { phase } = target.control;
  return phase.name === "acting" || target.recoveringSinceMs !== null;
}

function isStopped(row: WorkerRow): boolean {
  return row.status === "stopped" && row.pid === null;
}

/** An operator's stop is respected: nothing is due any more, the streak stays. */
function stoppedBySomebody(turn: Turn, target: Target): void {
  const { phase } = target.control;
  if (phase.name === "held" || phase.name === "open") return;
  if (healOf(phase) !== null)
    return endHeal(turn, target, { verdict: "aborted", reason: "stopped by an operator or by PM2 before the verdict" });
  if (phase.name !== "healthy") withControl(target, { phase: { name: "healthy" } });
}

/** Rows 24, 24a, 24c: a person, a deploy or PM2 itself restarted it. */
function restartedBySomebody(turn: Turn, target: Target, change: Change): void {
  const { phase } = target.control;
  const reason = "started or restarted by an operator, a deploy, or PM2 itself (memory limit, watch, cron); its grace period begins";
  say(turn, target, { level: "info", event: "external_restart", reason, more: { restarts: change.row.restarts } });
  target.exits = [];
  startEpoch(turn.state, target, change.strategy, "other");
  if (phase.name === "open") {
    withControl(target, { phase: { ...phase, heal: null, restartedAtMs: turn.state.nowMs } });
    return;
  }
  if (healOf(phase) !== null)
    endHeal(turn, target, { verdict: "aborted", reason: "superseded: somebody else restarted it before the verdict" });
  withControl(target, { phase: { name: "settling", sinceMs: turn.state.nowMs } });
}

/** Row 24b: nobody commanded it. Counts toward a crash loop; the state of the machine stays. */
function crashed(turn: Turn, target: Target, change: Change): void {
  const { before, row } = change;
  const { nowMs } = turn.state;
  const exits = Math.max(1, row.restarts - before.restarts);
  for (let exit = 0; exit < Math.min(exits, EXITS_KEPT_MAX); exit++) target.exits.push(nowMs);
  target.exits = target.exits.filter((atMs) => nowMs - atMs <= EXITS_KEPT_MS).slice(-EXITS_KEPT_MAX);
  target.view.exits = target.exits;
  const livedMs = before.startedWallMs === null || row.startedWallMs === null ? null : row.startedWallMs - before.startedWallMs;
  if (livedMs !== null) target.view.lastLifeMs = exits === 1 ? livedMs : Math.round(livedMs / exits);
  forgetOldProcess(turn.state, target, change.strategy);
}
