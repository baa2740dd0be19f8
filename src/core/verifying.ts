import type { Phase } from "./control.ts";
import { endHeal } from "./heal-end.ts";
import type { BoundRule } from "./judgement.ts";
import { contradictionOf } from "./second-opinion.ts";
import type { RuleState, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { graceFromMs, rulesFor, withControl } from "./target.ts";
import { tickTrimVerdict } from "./trim.ts";
import type { Turn } from "./turn.ts";
import { inWords } from "./words.ts";

type Verifying = Extract<Phase, { name: "verifying" }>;

/** Rows 12–16: has the heal helped? The rule that fired gives the verdict, from evidence since the action only. */
export function tickVerifying(turn: Turn, target: Target, strategy: Strategy, phase: Verifying): void {
  if (phase.heal.trim != null) return tickTrimVerdict(turn, target, phase);
  const { nowMs } = turn.state;
  const fired = target.rules.find((rule) => rule.key === phase.heal.rule) ?? null;
  const bound = fired === null ? null : (rulesFor(strategy, target.kind).find((rule) => rule.key === fired.key) ?? null);
  noteCleared(turn, target, phase, fired);
  const graceOver = nowMs >= verdictFromMs(target, strategy, phase);
  const verdict = verdictOf(target, strategy, { fired, bound });
  // A crash loop's trial lives or dies on its own proof, which is longer or shorter than grace.
  const early = phase.heal.action === "hold-down" && bound?.actsInGrace === true;
  if (verdict.name === "failed" && (graceOver || early || verdict.inGrace))
    return endHeal(turn, target, { verdict: "failed", reason: verdict.reason });
  if (verdict.name === "recovered" && early) return endHeal(turn, target, { verdict: "recovered", reason: verdict.reason });
  if (verdict.name === "recovered" && graceOver && endAgreed(turn, target, strategy, { phase, reason: verdict.reason })) return;
  const timeoutMs = Math.max(strategy.knobs.verify.timeoutMs, strategy.knobs.gracePeriodMs);
  if (nowMs >= phase.sinceMs + timeoutMs) endUndecided(turn, target, phase, timeoutMs);
}

/**
 * The rule that fired sees its symptom gone; another may know better. What speaks against the target itself speaks of the time since
 * the heal, and the heal has failed. What speaks of its group may be about others, or about the time before: it gets another grace
 * period to clear, and then the verdict is open, so that it does not keep the group from being healed. False = it is still awaited.
 */
function endAgreed(turn: Turn, target: Target, strategy: Strategy, { phase, reason }: { phase: Verifying; reason: string }): boolean {
  const against = contradictionOf(turn.state, target, strategy);
  const mayClear = turn.state.nowMs < verdictFromMs(target, strategy, phase) + strategy.knobs.gracePeriodMs;
  if (against?.of === "group" && mayClear) return false;
  if (against === null) endHeal(turn, target, { verdict: "recovered", reason });
  else endHeal(turn, target, { verdict: against.of === "target" ? "failed" : "inconclusive", reason: `${reason}; but ${against.reason}` });
  return true;
}

/** The end of its grace period. */
export function verdictFromMs(target: Target, { knobs }: Strategy, phase: Verifying): number {
  const calmFromMs = target.kind === "group" ? target.control.calmFromMs : graceFromMs(target);
  return Math.max(phase.sinceMs, calmFromMs) + knobs.gracePeriodMs;
}

/** `inGrace`: failed for a reason that never outlives a grace period, a crash loop for one; waiting would be for ever. */
function verdictOf(
  target: Target,
  strategy: Strategy,
  by: { fired: RuleState | null; bound: BoundRule | null },
): { name: "recovered" | "failed" | "undecided"; reason: string; inGrace: boolean } {
  const dead = target.rules.find((rule) => rule.judgement.dead && rule.judgement.state === "sick");
  if (dead !== undefined) {
    const inGrace = rulesFor(strategy, target.kind).some((rule) => rule.key === dead.key && rule.actsInGrace);
    return { name: "failed", reason: `it does not live (${dead.key})`, inGrace };
  }
  if (by.fired === null || by.bound === null)
    return {
      name: target.row?.status === "online" || target.kind === "group" ? "recovered" : "undecided",
      reason: "no rule fired for this heal; it is online at the end of its grace period",
      inGrace: false,
    };
  const name = by.bound.verdict(by.fired.memory, target.view);
  const reason = name === "undecided" ? "" : by.bound.describe(by.fired.memory, target.view, by.fired.judgement);
  return { name, reason, inGrace: by.bound.actsInGrace };
}

/** The moment the symptom is first seen gone: recovery time counts to here, the verdict comes later. */
function noteCleared(turn: Turn, target: Target, phase: Verifying, fired: RuleState | null): void {
  if (phase.heal.clearedAtMs !== null || fired === null || fired.judgement.state !== "fine" || target.row?.status === "launching") return;
  withControl(target, { phase: { ...phase, heal: { ...phase.heal, clearedAtMs: turn.state.nowMs } } });
}

/** Row 16: no verdict within the time allowed. Failed only if the action itself failed and changed nothing. */
function endUndecided(turn: Turn, target: Target, phase: Verifying, timeoutMs: number): void {
  const unchanged = phase.heal.pre !== null && target.row !== null && target.row.pid === phase.heal.pre.pid;
  if (phase.error !== null && unchanged)
    return endHeal(turn, target, { verdict: "failed", reason: `the action failed and nothing changed: ${phase.error}` });
  endHeal(turn, target, {
    verdict: "inconclusive",
    reason: `not enough evidence within ${inWords(timeoutMs)}; if it sickens again before it has proved well, this heal counts as failed`,
  });
}
