import { takeCensus } from "./census.ts";
import { stopsFirst } from "./control.ts";
import type { Heal, Phase } from "./control.ts";
import { workerOf } from "./subject.ts";
import type { Event } from "./event.ts";
import { fileCopies } from "./group-facts.ts";
import { endHeal } from "./heal-end.ts";
import { stopped } from "./held-row.ts";
import { lookAfterStop } from "./late-stop.ts";
import { replaceStepDone } from "./replace.ts";
import { sayReplaceStep } from "./replace-words.ts";
import { memberDone } from "./roll.ts";
import type { Target } from "./state.ts";
import { startEpoch, withControl } from "./target.ts";
import { trimStepDone } from "./trim.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { isStoppedRow } from "./worker-row.ts";

/** Rows 9 and 10: the action has ended, well or badly. What it did is read from the world, not believed. */
export function onActionDone(turn: Turn, event: Extract<Event, { type: "action_done" }>): void {
  const target = turn.state.targets.get(event.target);
  const phase = target?.control.phase;
  if (target === undefined || phase?.name !== "acting" || phase.heal.id !== event.healId) return;
  if (event.copies != null) fileCopies(turn.state, event.copies);
  takeCensus(turn, event.pm2); // still `acting`: what changed in this row was our doing
  if (typeof event.pm2 === "string") target.recoveringSinceMs = turn.state.nowMs;
  const now = target.control.phase;
  if (now.name !== "acting" || now.heal.id !== event.healId) return; // the census has ended it: gone, or a new PM2
  sayAction(turn, target, phase, event);
  afterAction(turn, target, phase, event.ok ? null : (event.error ?? "failed"));
}

/** Also where an action ends that never reported: its deadline passed, or healer was restarted under it. */
export function afterAction(turn: Turn, target: Target, phase: { heal: Heal; step: string }, error: string | null): void {
  for (const rule of target.rules) if (rule.symptomAtMs !== null) rule.healed = true;
  if (error !== null) lookAfterStop(turn, workerOf(turn.state, target, phase.heal) ?? target, phase);
  if (phase.step === "stop") return stopped(turn, target, phase.heal, error);
  if (phase.heal.trim != null) return trimStepDone(turn, target, phase.heal, error);
  if (phase.heal.replace != null) return replaceStepDone(turn, target, phase, error);
  if (phase.heal.roll !== null) return memberDone(turn, target, phase.heal);
  if (error !== null && wasLeftDown(target, phase.heal))
    return endHeal(turn, target, { verdict: "failed", reason: `it was stopped and could not be started: ${error}` });
  startEpoch(turn.state, target, strategyOf(turn.state, target), "our-action");
  withControl(target, { phase: { name: "verifying", heal: phase.heal, sinceMs: turn.state.nowMs, error } });
  journal(turn, target, { kind: "step", healId: phase.heal.id, note: { acted: true, error } });
}

/** Stopped by us, not by an operator: it must not be mistaken for one's wish. */
function wasLeftDown({ row }: Target, heal: Heal): boolean {
  return row !== null && isStoppedRow(row) && stopsFirst(heal);
}

function sayAction(
  turn: Turn,
  target: Target,
  phase: Extract<Phase, { name: "acting" }>,
  event: { ok: boolean; error: string | null; tookMs: number },
): void {
  const worker = workerOf(turn.state, target, phase.heal) ?? target;
  const isReplace = phase.heal.replace != null;
  const what = phase.step === "all" ? phase.heal.action : phase.step;
  const pid = worker.row?.pid ?? null;
  const reason = isReplace
    ? sayReplaceStep(worker, phase.heal, phase.step, event)
    : event.ok
      ? `${what} of ${worker.id} done in ${event.tookMs} ms${pid === null ? "" : `, new pid ${pid}`}`
      : `${what} of ${worker.id} failed after ${event.tookMs} ms: ${event.error ?? "no reason given"}`;
  say(turn, target, {
    level: event.ok ? "info" : "error",
    event: "heal_action",
    reason,
    heal_id: phase.heal.id,
    more: { ok: event.ok, took_ms: event.tookMs, error: event.error, action: phase.heal.action, step: phase.step, worker: worker.id },
  });
}
