import { afterAction } from "./action-done.ts";
import { stopsFirst } from "./control.ts";
import type { Heal, Phase, PreImage, Replace } from "./control.ts";
import { endHeal } from "./heal-end.ts";
import { lookAfterStop } from "./late-stop.ts";
import { replaceStepDone } from "./replace.ts";
import { nextOfReplace } from "./replace-plan.ts";
import { skipMember } from "./roll.ts";
import { workerOf } from "./subject.ts";
import type { Target } from "./state.ts";
import { withControl } from "./target.ts";
import { journal, say, type Turn } from "./turn.ts";
import { preImage } from "./roll.ts";
import type { WorkerRow } from "./worker-row.ts";

const SETTLE_SLACK_MS = 5_000; // an action PM2 had already begun may still be under way for kill_timeout + this

/**
 * Rows 26–28: healer was restarted (or lost sight of PM2) between an intent and its verdict. Whether the action ran is
 * read from the world, by comparing it with the pre-image in the journal. No intent is ever executed a second time;
 * only a row that a stop of ours left down is started, once.
 */
export function tickRecovery(turn: Turn, target: Target): void {
  const { phase } = target.control;
  if (turn.state.pm2.name !== "up") return;
  if (phase.name !== "intent" && phase.name !== "acting") {
    target.recoveringSinceMs = null;
    return;
  }
  if (phase.heal.trim != null)
    return endHeal(turn, target, {
      verdict: "aborted",
      reason: "healer was restarted in the middle of it; who is still too many is counted anew",
    });
  if (phase.heal.replace != null) return recoverReplace(turn, target, phase, phase.heal.replace);
  const worker = workerOf(turn.state, target, phase.heal);
  const row = worker?.row ?? null;
  const pre = phase.heal.roll?.current?.pre ?? phase.heal.pre;
  if (worker === null || row === null || pre === null) return giveUp(turn, target, phase.heal, "the worker is gone");
  const now = preImage(row, turn.state.pm2.generation);
  if (now.generation !== pre.generation) return giveUp(turn, target, phase.heal, "PM2 was replaced by a new daemon meanwhile");
  if (isDown(row)) return recoverDown(turn, target, phase, { row, wasStarted: now.startedWallMs !== pre.startedWallMs });
  if (phase.step !== "stop" && hasChanged(now, pre)) return recoverActed(turn, target, phase);
  if (!hasSettled(turn, target, row)) return;
  lookAfterStop(turn, worker, phase); // PM2 may carry it out yet
  giveUp(turn, target, phase.heal, "healer was restarted before it was done, and nothing has changed since");
}

function isDown(row: WorkerRow): boolean {
  return row.pid === null && (row.status === "stopped" || row.status === "errored");
}

function hasChanged(now: PreImage, pre: PreImage): boolean {
  return now.pid !== null && (now.pid !== pre.pid || now.startedWallMs !== pre.startedWallMs);
}

function hasSettled(turn: Turn, target: Target, row: WorkerRow): boolean {
  return turn.state.nowMs - (target.recoveringSinceMs ?? 0) >= row.killTimeoutMs + SETTLE_SLACK_MS;
}

function recoverActed(turn: Turn, target: Target, phase: Extract<Phase, { name: "intent" | "acting" }>): void {
  target.recoveringSinceMs = null;
  say(turn, target, {
    level: "info",
    event: "heal_action",
    reason: "done: healer was restarted meanwhile, and the worker has been restarted as intended",
    heal_id: phase.heal.id,
    more: { ok: true, took_ms: null, error: null },
  });
  afterAction(turn, target, phase, null);
}

/**
 * Row 27b: down because of our stop. A hold-down goes on waiting; anything else is finished with its start, unless that
 * has been done already and the worker is down again: a second start would be a second deed under one intent.
 */
function recoverDown(
  turn: Turn,
  target: Target,
  phase: Extract<Phase, { name: "intent" | "acting" }>,
  { row, wasStarted }: { row: WorkerRow; wasStarted: boolean },
): void {
  if (phase.step === "stop") {
    target.recoveringSinceMs = null;
    return afterAction(turn, target, phase, null);
  }
  if (!hasSettled(turn, target, row)) return;
  if (wasStarted && row.status === "errored") return recoverActed(turn, target, phase);
  if (wasStarted || !stopsFirst(phase.heal)) return giveUp(turn, target, phase.heal, `PM2 says ${row.status}: stopped by somebody else`);
  target.recoveringSinceMs = null;
  withControl(target, { phase: { name: "intent", heal: phase.heal, step: "start", sinceMs: turn.state.nowMs } });
  journal(turn, target, {
    kind: "step",
    healId: phase.heal.id,
    ack: true,
    note: { step: "start", why: "finishing a stop-start cut short" },
  });
}

/** What the step did is read from the two rows; what is still due is done by the heal that goes on. */
function recoverReplace(turn: Turn, target: Target, phase: Extract<Phase, { name: "intent" | "acting" }>, before: Replace): void {
  const { heal, step } = phase;
  const { state } = turn;
  const worker = workerOf(state, target, heal);
  if (worker === null || worker.row === null) return giveUp(turn, target, heal, "the worker is gone");
  const replace: Replace = { ...before, removing: before.removing || step === "remove" };
  const asked: Heal = { ...heal, replace };
  const next = nextOfReplace(state, target, asked, replace);
  const isOver = next.name === "done" || next.name === "end";
  const hasAdded = step === "add" && (worker.successor !== null || isOver);
  if (hasAdded || (step !== "add" && isOver) || hasSettled(turn, target, worker.row)) {
    target.recoveringSinceMs = null;
    if (step === "add" && !hasAdded)
      return giveUp(turn, target, heal, "healer was restarted before it was done, and nothing has changed since");
    replaceStepDone(turn, target, { heal: asked, step }, null);
  }
}

function giveUp(turn: Turn, target: Target, heal: Heal, reason: string): void {
  // It may have been carried out and left no trace: grace counts from the intent, as if it had been (row 28).
  withControl(target, { calmFromMs: Math.max(target.control.calmFromMs, heal.atMs) });
  if (heal.roll === null) return endHeal(turn, target, { verdict: "aborted", reason });
  target.recoveringSinceMs = null;
  skipMember(turn, target, heal, reason);
}
