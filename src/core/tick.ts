import { afterAction } from "./action-done.ts";
import { takeToken } from "./budget.ts";
import { copiesInTheWayOf } from "./group-facts.ts";
import { isPaused, whyHold } from "./guards.ts";
import type { Candidate } from "./guards.ts";
import { endHeal, closeCircuit } from "./heal-end.ts";
import { preImageOf } from "./heal-start.ts";
import type { Containment, Phase } from "./control.ts";
import { firingRule } from "./judge.ts";
import { tickRecovery } from "./recovery.ts";
import { tickReplace } from "./replace.ts";
import { tickRoll } from "./roll.ts";
import type { RuleState, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { graceFromMs, rulesFor, withControl } from "./target.ts";
import { tickTrim } from "./trim.ts";
import { journal, say, type Turn } from "./turn.ts";
import { tickVerifying } from "./verifying.ts";
import { isStoppedRow } from "./worker-row.ts";

/**
 * Lets time pass for one target (decision-core §4.2). Returns what it would like to have healed now, if anything; the
 * guards answer that afterwards, for all targets together, the most urgent first.
 */
export function tickTarget(turn: Turn, target: Target, strategy: Strategy): Candidate | null {
  const candidate = tickPhase(turn, target, strategy);
  if (candidate === null) target.dueSinceMs = null;
  else target.dueSinceMs ??= turn.state.nowMs;
  return candidate;
}

function tickPhase(turn: Turn, target: Target, strategy: Strategy): Candidate | null {
  if (target.recoveringSinceMs !== null) tickRecovery(turn, target);
  const { phase } = target.control;
  switch (phase.name) {
    case "healthy":
      return tickHealthy(turn, target, strategy);
    case "suspect":
      return tickSuspect(target, strategy, phase);
    case "intent":
      return null;
    case "acting":
      // Only with PM2 in sight: what an action that never reported has done is read from the list.
      if (target.recoveringSinceMs === null && turn.state.nowMs > phase.deadlineMs && turn.state.pm2.name === "up")
        afterAction(turn, target, phase, "no result within its deadline");
      return null;
    case "rolling":
      if (phase.heal.trim != null) tickTrim(turn, target, strategy, phase);
      else if (phase.heal.replace != null) tickReplace(turn, target, phase);
      else tickRoll(turn, target, phase);
      return null;
    case "held":
      tickHeld(turn, target, strategy, phase);
      return null;
    case "verifying":
      tickVerifying(turn, target, strategy, phase);
      return target.control.phase.name === "suspect" ? tickSuspect(target, strategy, target.control.phase) : null;
    case "settling":
      return tickSettling(turn, target, strategy);
    case "backoff":
      return tickBackoff(turn, target, strategy, phase);
    case "open":
      return tickOpen(turn, target, strategy, phase);
    default:
      phase satisfies never;
      return null;
  }
}

function tickHealthy(turn: Turn, target: Target, strategy: Strategy): Candidate | null {
  const firing = firingRule(target);
  if (firing === null) return null;
  const phase = { name: "suspect", sinceMs: firing.judgement.sinceMs ?? turn.state.nowMs, trial: false, contain: null } as const;
  withControl(target, { phase });
  return tickSuspect(target, strategy, phase);
}

/** Row 2: the symptom went; row 3–5: it is sustained, so ask the guards. */
function tickSuspect(target: Target, strategy: Strategy, phase: Extract<Phase, { name: "suspect" }>): Candidate | null {
  const firing = firingRule(target);
  if (phase.contain !== null)
    return candidateOf(target, strategy, { rule: containedRule(target, phase.contain), trial: phase.trial, holdsDown: true });
  if (firing === null) {
    withControl(target, { phase: { name: "healthy" } });
    target.said.hold = null; // and `wouldHeal` when the symptom is gone, not when it flickers
    return null;
  }
  if (!firing.judgement.sustained && !firing.judgement.dead) return null;
  const bound = boundOf(target, strategy, firing);
  return candidateOf(target, strategy, { rule: firing, trial: phase.trial, holdsDown: bound?.action === "hold-down" });
}

/** The rule whose heal failed goes on judging, whatever else shows symptoms by now. */
function containedRule(target: Target, contain: Containment): RuleState | null {
  return target.rules.find(({ key }) => key === contain.rule) ?? firingRule(target);
}

function boundOf(target: Target, strategy: Strategy, rule: RuleState): Strategy["rules"][number] | undefined {
  return rulesFor(strategy, target.kind).find((candidate) => candidate.key === rule.key);
}

function candidateOf(target: Target, strategy: Strategy, want: { rule: RuleState | null; trial: boolean; holdsDown: boolean }): Candidate {
  const bound = want.rule === null ? onlyRule(target, strategy) : boundOf(target, strategy, want.rule);
  const action = want.holdsDown ? "hold-down" : (bound?.action ?? rungOf(strategy, want.trial ? 0 : target.control.failedHeals));
  return {
    target,
    strategy,
    rule: want.rule,
    action,
    actsInGrace: want.holdsDown || bound?.actsInGrace === true,
    observeOnly: want.rule !== null && bound?.observeOnly === true,
    holdsDown: want.holdsDown,
  };
}

/** Where no other judges a target, it is this one's action that would come. */
function onlyRule(target: Target, strategy: Strategy): Strategy["rules"][number] | undefined {
  const rules = rulesFor(strategy, target.kind);
  return rules.length === 1 ? rules[0] : undefined;
}

/** What a heal would be about if one were due now; for those who explain. */
export function candidateNow(target: Target, strategy: Strategy): Candidate {
  const { phase } = target.control;
  const contain = phase.name === "suspect" ? phase.contain : null;
  const rule = contain === null ? firingRule(target) : containedRule(target, contain);
  const bound = rule === null ? undefined : boundOf(target, strategy, rule);
  return candidateOf(target, strategy, {
    rule,
    trial: phase.name === "open" || (phase.name === "suspect" && phase.trial),
    holdsDown: contain !== null || bound?.action === "hold-down",
  });
}

/** One rung further after each failed heal; the last one repeats. */
export function rungOf(strategy: Strategy, failedHeals: number): string {
  return strategy.actions[Math.min(failedHeals, strategy.actions.length - 1)] ?? "restart";
}

/** Row 24. Who is stopped meanwhile, which a new PM2 daemon may be the first to say, waits for no grace period: a start begins another. */
function tickSettling(turn: Turn, target: Target, strategy: Strategy): Candidate | null {
  const isOver = turn.state.nowMs >= graceFromMs(target) + strategy.knobs.gracePeriodMs;
  if (isOver || (target.row !== null && isStoppedRow(target.row))) withControl(target, { phase: { name: "healthy" } });
  return deadCandidate(target, strategy);
}

/** A crash loop is stopped even while somebody else's restart settles. */
function deadCandidate(target: Target, strategy: Strategy): Candidate | null {
  const firing = firingRule(target);
  const bound = firing === null ? undefined : boundOf(target, strategy, firing);
  if (firing === null || bound?.actsInGrace !== true || !firing.judgement.sustained) return null;
  return candidateOf(target, strategy, { rule: firing, trial: false, holdsDown: bound.action === "hold-down" });
}

function tickBackoff(turn: Turn, target: Target, strategy: Strategy, phase: Extract<Phase, { name: "backoff" }>): Candidate | null {
  if (turn.state.nowMs < phase.untilMs) return deadCandidate(target, strategy);
  withControl(target, { phase: { name: "healthy" } });
  return tickHealthy(turn, target, strategy);
}

function tickHeld(turn: Turn, target: Target, strategy: Strategy, phase: Extract<Phase, { name: "held" }>): void {
  if (wasStarted(turn.state, target)) {
    return endHeal(turn, target, { verdict: "aborted", reason: "superseded: somebody started it before its backoff was over" });
  }
  const isDue = turn.state.nowMs >= phase.resumeAtMs || copiesInTheWayOf(turn.state, target, strategy).length > 0;
  if (isDue) startHeldRow(turn, target, strategy, phase.heal);
}

/** What healer has stopped runs. Only with PM2 in sight: the last list may be from before the stop. */
function wasStarted({ pm2 }: State, { row, recoveringSinceMs }: Target): boolean {
  return pm2.name === "up" && row !== null && row.pid !== null && recoveringSinceMs === null;
}

const NOT_ASKED_BEFORE_A_START = [
  "status",
  "circuit",
  "in-flight",
  "grace",
  "backoff",
  "dependency",
  "host",
  "gpu",
  "incident",
  "unavailable",
  "drain",
  "observe",
  "shadow",
];

/** The second half of a hold-down: finish what was begun, also if the mode is `observe` by now. */
function startHeldRow(turn: Turn, target: Target, strategy: Strategy, heal: Extract<Phase, { name: "held" }>["heal"]): boolean {
  const candidate = { target, strategy, rule: null, action: heal.action, actsInGrace: true, observeOnly: false, holdsDown: false };
  const hold = whyHold(turn.state, candidate, NOT_ASKED_BEFORE_A_START);
  if (hold !== null) {
    sayHoldOnce(turn, target, hold);
    return false;
  }
  takeToken(turn.state);
  // As it is now, down: whether it has been started since is what recovery will ask.
  const start = { ...heal, pre: preImageOf(turn.state, target) ?? heal.pre };
  withControl(target, { phase: { name: "intent", heal: start, step: "start", sinceMs: turn.state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, ack: true, note: { step: "start" } });
  return true;
}

/** A reason repeated every turn is written once, then when it changes. */
export function sayHoldOnce(turn: Turn, target: Target, hold: NonNullable<ReturnType<typeof whyHold>>): void {
  if (target.said.hold === hold.guard) return;
  target.said.hold = hold.guard;
  const until = hold.untilMs === null ? null : new Date(turn.state.wallMs + (hold.untilMs - turn.state.nowMs)).toISOString();
  say(turn, target, { level: "info", event: "hold", reason: hold.reason, more: { guard: hold.guard, until, flip: hold.flip } });
}

/** Rows 19–21 and 24a. */
function tickOpen(turn: Turn, target: Target, strategy: Strategy, phase: Extract<Phase, { name: "open" }>): Candidate | null {
  const { nowMs } = turn.state;
  if (phase.heal === null && target.row !== null && isStoppedRow(target.row)) return null; // its operator's now; a start is answered
  if (phase.heal !== null && wasStarted(turn.state, target)) {
    endHeal(turn, target, { verdict: "aborted", reason: "superseded: somebody started it before the cool-down was over" });
    return null;
  }
  const firing = firingRule(target);
  const isBad = firing !== null && !firing.observeOnly; // no trial will be made for a symptom that is only told
  if (
    phase.restartedAtMs !== null &&
    !isBad &&
    target.row?.pid != null &&
    nowMs >= Math.max(phase.restartedAtMs, graceFromMs(target)) + strategy.knobs.gracePeriodMs
  ) {
    closeCircuit(turn, target, "healthy for a whole grace period since somebody else restarted it", "operator");
    return null;
  }
  if (nowMs < phase.untilMs || isPaused(turn.state, target)) return null;
  if (phase.heal !== null) {
    const mayBeDown = target.row?.pid == null || turn.state.pm2.name !== "up";
    if (mayBeDown && startHeldRow(turn, target, strategy, { ...phase.heal, trial: true })) sayHalfOpen(turn, target);
    return null;
  }
  if (!isBad) {
    // Right after a restart of healer, or of the worker, nothing has been seen yet: that is no proof of health.
    if (nowMs < target.epoch.atMs + strategy.knobs.gracePeriodMs) return null;
    closeCircuit(turn, target, "the cool-down is over and the symptom has gone by itself", "self_recovered");
    return null;
  }
  const suspect = { name: "suspect", sinceMs: nowMs, trial: true, contain: null } as const;
  withControl(target, { phase: suspect });
  sayHalfOpen(turn, target);
  return tickSuspect(target, strategy, suspect);
}

function sayHalfOpen(turn: Turn, target: Target): void {
  say(turn, target, { level: "warn", event: "circuit_half_open", reason: "the cool-down is over and it is still bad: one trial heal" });
}
