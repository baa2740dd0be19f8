import { healOf, stopsFirst, type Heal } from "./control.ts";
import { endHeal, openHeld } from "./heal-end.ts";
import { startHeal } from "./heal-start.ts";
import { stopped } from "./held-row.ts";
import type { Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { withControl } from "./target.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";
import { isStoppedRow } from "./worker-row.ts";

const LATE_MS_MAX = 3_600_000; // a PM2 that took longer than this to obey was asked by somebody else meanwhile

/**
 * An action of ours that stops a worker first has ended with an error. Where the stop was not seen PM2 may be slow, and carry
 * it out yet. Where it was, nobody has started the worker: a heal of its own sees to that; one of its group goes on to others.
 */
export function lookAfterStop(turn: Turn, worker: Target, { heal, step }: { readonly heal: Heal; readonly step: string }): void {
  const { row } = worker;
  if (row === null || !stopsFirst(heal)) return;
  const isLeftDown = isStoppedRow(row);
  if (isLeftDown ? heal.roll === null : step === "start") return;
  withControl(worker, { lateStop: { atMs: turn.state.nowMs, createdWallMs: row.createdWallMs, rule: heal.rule } });
  if (isLeftDown) adoptLateStop(turn, worker, strategyOf(turn.state, worker));
  // What follows is about the group: without a record of its own a crash would forget whose stop it was.
  else if (heal.roll !== null) journal(turn, worker, { kind: "control", healId: null, note: { late_stop: heal.id } });
}

/**
 * The row has stopped: was it that stop? Then it is ours, or nobody would ever start the worker again: it counts as held
 * down from now on, and is started once. Returns false where an operator has stopped it.
 */
export function adoptLateStop(turn: Turn, target: Target, strategy: Strategy): boolean {
  const late = target.control.lateStop ?? null;
  const { row } = target;
  if (late === null || row === null) return false;
  withControl(target, { lateStop: null });
  // PM2 forgets it of a row that it gives up; a start that somebody commanded has one.
  if (row.createdWallMs !== null && row.createdWallMs !== late.createdWallMs) return false;
  const sinceMs = turn.state.nowMs - late.atMs;
  if (sinceMs > LATE_MS_MAX) {
    sayDoubt(turn, target, sinceMs);
    return false;
  }
  const { phase } = target.control;
  if (healOf(phase) !== null) endHeal(turn, target, { verdict: "failed", reason: REASON });
  else holdFromNowOn(turn, target, { strategy, rule: late.rule, reason: REASON });
  return true;
}

/** healer was away, or its memory was: nobody knows whose stop it was, and an operator's is not to be undone. */
function sayDoubt(turn: Turn, target: Target, sinceMs: number): void {
  const reason = `it is stopped: by an operator, or by PM2 for healer, which gave up waiting for that ${inWords(sinceMs)} ago; it is left as it is, to start it: pm2 start ${target.row?.pmId ?? ""}`;
  say(turn, target, { level: "warn", event: "alert", reason, more: { late_stop: true } });
  journal(turn, target, { kind: "control", healId: null, note: { late_stop: null } }); // told once
}

const REASON = "PM2 has stopped it for healer, and healer gave up waiting before it was started again";

/** As if a hold-down had just stopped it; an open circuit stays open, around a row that is down. */
export function holdFromNowOn(turn: Turn, target: Target, hold: { strategy: Strategy; rule: string; reason: string }): void {
  const { strategy, rule, reason } = hold;
  const before = target.control.phase;
  const contain = { rule, reason };
  withControl(target, { phase: { name: "suspect", sinceMs: turn.state.nowMs, trial: before.name === "open", contain } });
  const ruleState = target.rules.find(({ key }) => key === rule) ?? null;
  const candidate = { target, strategy, rule: ruleState, action: "hold-down", actsInGrace: true, observeOnly: false, holdsDown: true };
  const heal = startHeal(turn, candidate, { by: null, trial: before.name === "open" });
  if (before.name === "open") openHeld(turn, target, heal, { why: before.why, reason });
  else stopped(turn, target, heal, null);
}
