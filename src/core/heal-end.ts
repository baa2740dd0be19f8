import { returnToken } from "./budget.ts";
import { chance } from "./chance.ts";
import { healOf } from "./control.ts";
import type { Heal, Phase, Verdict } from "./control.ts";
import { noteCanaryVerdict } from "./incident.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { withControl } from "./target.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/** Ends the heal under way: the verdict, what it does to the streak, and what comes next (rows 7, 13–16, 23, 24c, 27). */
export function endHeal(turn: Turn, target: Target, end: { verdict: Verdict; reason: string; stopFailed?: boolean }): void {
  const { phase: before } = target.control;
  const heal = healOf(before);
  if (heal === null) return;
  const strategy = strategyOf(turn.state, target);
  if (end.verdict === "aborted" && before.name === "intent" && before.step === "all") returnToken(turn.state);
  chargeStreak(target, strategy, heal, end.verdict);
  withControl(target, {
    phase: phaseAfter(turn.state, target, strategy, {
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
  if (phase.name === "open") sayCircuitOpen(turn, target, strategy, `${target.control.failedHeals} heals in a row did not help`);
  journal(turn, target, {
    kind: "outcome",
    healId: heal.id,
    note: { verdict: end.verdict, reason: end.reason, streak: target.control.failedHeals },
  });
  noteCanaryVerdict(turn, target, { heal, verdict: end.verdict });
}

/** Opens the circuit without a verdict: too many heals within an hour or a day, each of which "helped" (row 4). */
export function openForFlapping(turn: Turn, target: Target, reason: string): void {
  const strategy = strategyOf(turn.state, target);
  const opens = target.control.opens + 1;
  withControl(target, { opens });
  withControl(target, { phase: openPhase(turn.state, target, strategy, "flapping") });
  sayCircuitOpen(turn, target, strategy, reason);
  journal(turn, target, { kind: "control", healId: null, note: { circuit: "open", why: "flapping", reason } });
}

/** The unproven heal turned out not to have helped: it counts now (row 16). Returns true if that opens the circuit. */
export function chargeUnproven(turn: Turn, target: Target, strategy: Strategy): boolean {
  const failedHeals = Math.min(strategy.knobs.consecutiveFailuresThreshold, target.control.failedHeals + 1);
  withControl(target, { unproven: false, failedHeals });
  if (failedHeals < strategy.knobs.consecutiveFailuresThreshold) return false;
  withControl(target, { opens: target.control.opens + 1 });
  withControl(target, { phase: openPhase(turn.state, target, strategy, "failures") });
  sayCircuitOpen(
    turn,
    target,
    strategy,
    `${failedHeals} heals in a row did not help (the last one ended unproven, and the symptom is back)`,
  );
  journal(turn, target, { kind: "control", healId: null, note: { circuit: "open", why: "failures" } });
  return true;
}

/** The circuit opens around a row that a hold-down has just stopped. */
export function openHeld(turn: Turn, target: Target, heal: Heal): void {
  const strategy = strategyOf(turn.state, target);
  withControl(target, { phase: { ...openPhase(turn.state, target, strategy, "failures"), heal } });
  sayCircuitOpen(turn, target, strategy, `${target.control.failedHeals} heals in a row did not help; it is stopped meanwhile`);
  journal(turn, target, { kind: "control", healId: heal.id, note: { circuit: "open", why: "failures", held: true } });
}

/** Rows 20, 22 and 24a: the streak is forgiven. `how`: "operator", "self_recovered", "reset". */
export function closeCircuit(turn: Turn, target: Target, reason: string, how: string): void {
  withControl(target, { phase: { name: "healthy" }, failedHeals: 0, opens: 0, unproven: false });
  target.said.hold = null;
  say(turn, target, { level: "info", event: "circuit_closed", reason, more: { how } });
  journal(turn, target, { kind: "control", healId: null, note: { circuit: "closed", how } });
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
  end: { heal: Heal; verdict: Verdict; stopFailed: boolean; reason: string },
): Phase {
  const { heal, verdict } = end;
  if (verdict !== "failed") return { name: "healthy" };
  const opens = !heal.canary && (heal.trial || target.control.failedHeals >= strategy.knobs.consecutiveFailuresThreshold);
  const stops = heal.action === "hold-down" || (opens && mayStopOnOpen(state, target, strategy));
  if (stops && !end.stopFailed)
    return { name: "suspect", sinceMs: heal.symptomAtMs, trial: opens, contain: { rule: heal.rule, reason: end.reason } };
  if (opens) return openPhase(state, target, strategy, "failures");
  return { name: "backoff", untilMs: state.nowMs + backoffMs(state, target, strategy, Math.max(0, target.control.failedHeals - 1)) };
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
