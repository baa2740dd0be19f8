import { returnToken } from "./budget.ts";
import { chance } from "./chance.ts";
import { healOf, restartsNobody, stopsFirst } from "./control.ts";
import type { Containment, Heal, Phase, Verdict } from "./control.ts";
import { noteCanaryVerdict } from "./incident.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { startEpoch, withControl } from "./target.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { inWords, sayStreak } from "./words.ts";
import { isStoppedRow, type WorkerRow } from "./worker-row.ts";

/** Ends the heal under way: the verdict, what it does to the streak, and what comes next (rows 7, 13–16, 23, 24c, 27). */
export function endHeal(turn: Turn, target: Target, end: { verdict: Verdict; reason: string; stopFailed?: boolean }): void {
  const { phase: before } = target.control;
  const heal = healOf(before);
  if (heal === null) return;
  const strategy = strategyOf(turn.state, target);
  if (wasCutShort(before)) startEpoch(turn.state, target, strategy, "our-action");
  if (end.verdict === "aborted" && target.recoveringSinceMs === null) giveBack(turn.state, target, before);
  chargeStreak(target, strategy, heal, end.verdict);
  withControl(target, {
    phase: phaseAfter(turn.state, target, strategy, {
      before,
      heal,
      verdict: end.verdict,
      stopFailed: end.stopFailed ?? false,
      reason: end.reason,
    }),
    lastHeal: { ...lastHealOf(target, turn.state, heal), verdict: end.verdict },
  });
  target.recoveringSinceMs = null;
  target.said.hold = null;
  sayVerdict(turn, target, { heal, strategy, ...end });
  const { phase } = target.control;
  if (phase.name === "open" && end.verdict === "failed") sayCircuitOpen(turn, target, strategy, sayStreak(target.control.failedHeals));
  journal(turn, target, {
    kind: "outcome",
    healId: heal.id,
    note: { verdict: end.verdict, reason: end.reason, streak: target.control.failedHeals },
  });
  noteCanaryVerdict(turn, target, { heal, verdict: end.verdict });
}

/** A heal of a group that ends before the last of them: those who were restarted are others, and its figures speak of them (I16). */
function wasCutShort(before: Phase): boolean {
  return before.name !== "verifying" && (healOf(before)?.roll?.done.length ?? 0) > 0;
}

/** Opens the circuit without a verdict: too many heals within an hour or a day, each of which "helped" (row 4). */
export function openForFlapping(turn: Turn, target: Target, reason: string): void {
  const strategy = strategyOf(turn.state, target);
  if (mayStopOnOpen(turn.state, target, strategy)) return contain(turn, target, reason); // opens once it is stopped
  withControl(target, { opens: target.control.opens + 1 });
  openNow(turn, target, strategy, { why: "flapping", reason });
}

/**
 * The unproven heal turned out not to have helped: it counts now (row 16). Returns true if that opens the circuit; a row
 * that is to be stopped first is, and the circuit opens then. One that has been open since, and has cooled down, makes its trial.
 */
export function chargeUnproven(
  turn: Turn,
  target: Target,
  strategy: Strategy,
  { holdsDown, isTrial }: { holdsDown: boolean; isTrial: boolean },
): boolean {
  const failedHeals = Math.min(strategy.knobs.consecutiveFailuresThreshold, target.control.failedHeals + 1);
  withControl(target, { unproven: false, failedHeals });
  if (failedHeals < strategy.knobs.consecutiveFailuresThreshold || (isTrial && !holdsDown)) return false;
  withControl(target, { opens: target.control.opens + 1 });
  if (holdsDown) return false;
  const reason = `${sayStreak(failedHeals)} (the last one ended unproven, and the symptom is back)`;
  if (mayStopOnOpen(turn.state, target, strategy)) contain(turn, target, reason);
  else openNow(turn, target, strategy, { why: "failures", reason });
  return true;
}

/** The circuit opens around a row that a hold-down has just stopped. A streak of failures was counted with its last verdict. */
export function openHeld(turn: Turn, target: Target, heal: Heal, why: { why: "failures" | "flapping"; reason: string }): void {
  if (why.why === "flapping") withControl(target, { opens: target.control.opens + 1 });
  openNow(turn, target, strategyOf(turn.state, target), { ...why, reason: `${why.reason}; it is stopped meanwhile`, heal });
}

function openNow(
  turn: Turn,
  target: Target,
  strategy: Strategy,
  open: { why: "failures" | "flapping"; reason: string; heal?: Heal },
): void {
  const { why, reason, heal = null } = open;
  withControl(target, { phase: { ...openPhase(turn.state, target, strategy, why), heal } });
  target.said.hold = null;
  sayCircuitOpen(turn, target, strategy, reason);
  journal(turn, target, { kind: "control", healId: heal?.id ?? null, note: { circuit: "open", why, reason, held: heal !== null } });
}

function contain(turn: Turn, target: Target, reason: string): void {
  const rule = target.control.lastHeal?.rule ?? "by-hand";
  const contain = containmentOf(target.row, rule, reason);
  withControl(target, { phase: { name: "suspect", sinceMs: turn.state.nowMs, trial: true, contain } });
}

function containmentOf(row: WorkerRow | null, rule: string, reason: string): Containment {
  return { rule, reason, createdWallMs: row?.createdWallMs ?? null };
}

/** Rows 20, 22 and 24a: the streak is forgiven. `how`: "operator", "self_recovered", "reset". */
export function closeCircuit(turn: Turn, target: Target, reason: string, how: string): void {
  withControl(target, { phase: { name: "healthy" }, failedHeals: 0, opens: 0, unproven: false });
  target.said.hold = null;
  sayCircuitClosed(turn, target, reason, how);
  journal(turn, target, { kind: "control", healId: null, note: { circuit: "closed", how } });
}

export function sayCircuitClosed(turn: Turn, target: Target, reason: string, how: string): void {
  say(turn, target, { level: "info", event: "circuit_closed", reason, more: { how } });
}

/** What was surely not done costs no token and is no heal that the flapping limits count. A hold-down's token is for its start. */
function giveBack(state: State, target: Target, before: Phase): void {
  if (before.name !== "intent") return;
  const { heal, step } = before;
  if (step === "start") {
    if (heal.action === "hold-down") returnToken(state);
    return;
  }
  if (step === "remove" || step === "undo") return;
  if ((heal.roll?.done.length ?? 0) + (heal.trim?.done.length ?? 0) > 0) return;
  withControl(target, { healsAtMs: target.control.healsAtMs.filter((atMs) => atMs !== heal.atMs) });
  if (step !== "stop" && !restartsNobody(heal.action)) returnToken(state);
}

function chargeStreak(target: Target, strategy: Strategy, heal: Heal, verdict: Verdict): void {
  const threshold = strategy.knobs.consecutiveFailuresThreshold;
  if (verdict === "recovered") withControl(target, { failedHeals: 0, opens: 0, unproven: false });
  if (verdict === "inconclusive") withControl(target, { unproven: true });
  if (verdict !== "failed" || heal.canary) return;
  const failedHeals = Math.min(threshold, target.control.failedHeals + 1);
  const opens = heal.trial || failedHeals >= threshold ? target.control.opens + 1 : target.control.opens;
  withControl(target, { failedHeals, opens, unproven: false });
}

function phaseAfter(
  state: State,
  target: Target,
  strategy: Strategy,
  end: { before: Phase; heal: Heal; verdict: Verdict; stopFailed: boolean; reason: string },
): Phase {
  const { before, heal, verdict } = end;
  if (verdict === "aborted") return phaseAfterNothing(state, target, { before, heal });
  if (verdict !== "failed") return { name: "healthy" };
  const opens = !heal.canary && (heal.trial || target.control.failedHeals >= strategy.knobs.consecutiveFailuresThreshold);
  const isDownByUs = stopsFirst(heal) && target.row !== null && isStoppedRow(target.row);
  const stops = heal.action === "hold-down" || isDownByUs || (opens && mayStopOnOpen(state, target, strategy));
  if (stops && !end.stopFailed)
    return {
      name: "suspect",
      sinceMs: heal.symptomAtMs,
      trial: opens,
      contain: containmentOf(target.row, heal.rule, `the last heal did not help (${end.reason})`),
    };
  if (opens) return openPhase(state, target, strategy, "failures");
  return { name: "backoff", untilMs: state.nowMs + backoffMs(state, target, strategy, Math.max(0, target.control.failedHeals - 1)) };
}

/** An aborted heal changes nothing: a circuit stays open, and the trial that came to nothing is due again. */
function phaseAfterNothing(state: State, { row }: Target, { before, heal }: { before: Phase; heal: Heal }): Phase {
  // What we had left down when it was decided is down still: not an operator's stop, and to be contained all the same.
  const isOurs = before.name === "intent" && before.step === "stop" && heal.pre?.status === "stopped" && row !== null && isStoppedRow(row);
  if (isOurs) {
    return { name: "suspect", sinceMs: heal.symptomAtMs, trial: heal.trial, contain: containmentOf(row, heal.rule, heal.evidence) };
  }
  if (before.name === "open") return { ...before, heal: null };
  return heal.trial ? { name: "open", untilMs: state.nowMs, why: "failures", heal: null, restartedAtMs: null } : { name: "healthy" };
}

/** `on_open: stop` never stops the group's last running worker. */
function mayStopOnOpen(state: State, target: Target, strategy: Strategy): boolean {
  if (strategy.knobs.onOpen !== "stop" || target.kind === "group") return false;
  const members = state.groups.get(target.group)?.members ?? [];
  return members.some((id) => id !== target.id && (state.targets.get(id)?.row?.pid ?? null) !== null);
}

/** min(max, base · 2^failures) · U[1 - jitter, 1]. */
export function backoffMs(state: State, target: Target, strategy: Strategy, failures: number): number {
  const { baseMs, maxMs, jitter } = strategy.knobs.backoff;
  return Math.min(maxMs, baseMs * 2 ** failures) * (1 - jitter * chance(state.seed, target.id, state.globals.healCount, "backoff"));
}

function openPhase(state: State, target: Target, strategy: Strategy, why: "failures" | "flapping"): Extract<Phase, { name: "open" }> {
  const { coolDownMs, maxMs, jitter } = strategy.knobs.circuit;
  const base = Math.min(maxMs, coolDownMs * 2 ** Math.max(0, target.control.opens - 1));
  const untilMs = state.nowMs + base * (1 + jitter * chance(state.seed, target.id, target.control.opens, "cool-down"));
  return { name: "open", untilMs, why, heal: null, restartedAtMs: null };
}

function lastHealOf(target: Target, state: State, heal: Heal): NonNullable<Target["control"]["lastHeal"]> {
  const wallMs = state.wallMs - (state.nowMs - heal.atMs);
  return target.control.lastHeal?.id === heal.id
    ? target.control.lastHeal
    : { id: heal.id, atMs: heal.atMs, wallMs, action: heal.action, rule: heal.rule, verdict: null };
}

function sayVerdict(turn: Turn, target: Target, end: { heal: Heal; strategy: Strategy; verdict: Verdict; reason: string }): void {
  const { heal, strategy, verdict } = end;
  const recovered = verdict === "recovered";
  say(turn, target, {
    level: verdict === "failed" ? "warn" : "info",
    event: "heal_verdict",
    reason: `${verdict}: ${end.reason}`,
    heal_id: heal.id,
    more: {
      verdict,
      streak: target.control.failedHeals,
      threshold: strategy.knobs.consecutiveFailuresThreshold,
      time_to_detect_ms: Math.round(heal.atMs - heal.symptomAtMs),
      time_to_recover_ms: recovered ? Math.round((heal.clearedAtMs ?? turn.state.nowMs) - heal.symptomAtMs) : null,
    },
  });
}

function sayCircuitOpen(turn: Turn, target: Target, strategy: Strategy, why: string): void {
  const { phase } = target.control;
  if (phase.name !== "open") return;
  const waitMs = phase.untilMs - turn.state.nowMs;
  say(turn, target, {
    level: "error",
    event: "circuit_open",
    reason: `${why}; healer leaves ${target.id} alone for ${inWords(waitMs)}, then tries once more. After the repair: healer reset ${target.id}`,
    more: {
      why: phase.why,
      streak: target.control.failedHeals,
      threshold: strategy.knobs.consecutiveFailuresThreshold,
      cool_down_ms: Math.round(waitMs),
    },
  });
}
