import type { Control } from "./control.ts";
import { sayCopiesOf } from "./explain-duplicates.ts";
import { workerOf } from "./subject.ts";
import { GUARDS, whyHold } from "./guards.ts";
import type { Candidate } from "./guards.ts";
import { numbersOf } from "./judge.ts";
import { sayReplacePhase } from "./replace-words.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { rulesFor } from "./target.ts";
import { candidateNow } from "./tick.ts";
import { strategyOf } from "./turn.ts";
import { inWords } from "./words.ts";

/** Why a target is, or is not, healed now: every rule's numbers, every guard's answer, and what would change them. */
export interface Explanation {
  readonly target: string;
  readonly kind: "worker" | "group";
  readonly strategy: string;
  readonly mode: string;
  /** The state of the machine, and in words what it waits for. */
  readonly state: string;
  readonly decision: "heal" | "hold" | "none" | "busy";
  readonly reason: string;
  readonly rules: readonly ExplainedRule[];
  readonly guards: readonly ExplainedGuard[];
  readonly streak: { readonly failed: number; readonly threshold: number; readonly next_action: string };
  readonly last_heal: Control["lastHeal"];
  /** Of a group: a sentence for each worker too many, with whoever started it. */
  readonly duplicates: readonly string[];
}

export interface ExplainedRule {
  readonly rule: string;
  readonly state: string;
  readonly sustained: boolean;
  readonly text: string;
  readonly flip: string;
  readonly value: number | string | null;
  readonly threshold: number | string | null;
  readonly n: number | string | null;
}

export interface ExplainedGuard {
  readonly guard: string;
  readonly holds: boolean;
  readonly reason: string;
  readonly flip: string;
}

export function explain(state: State, target: Target): Explanation {
  const strategy = strategyOf(state, target);
  const candidate = candidateNow(target, strategy);
  const { phase, failedHeals, lastHeal } = target.control;
  return {
    target: target.id,
    kind: target.kind,
    strategy: strategy.name,
    mode: strategy.mode,
    state: sayPhase(state, target, strategy),
    ...decide(state, candidate, phase.name),
    rules: rulesFor(strategy, target.kind).map((rule, index) => {
      const ruleState = target.rules[index];
      if (ruleState === undefined) throw new Error(`no state for rule ${rule.key} of ${target.id}`);
      const { judgement, memory } = ruleState;
      const { value = null, threshold = null, n = null } = numbersOf(judgement);
      const text = rule.describe(memory, target.view, judgement);
      return {
        rule: rule.key,
        state: judgement.state,
        sustained: judgement.sustained,
        text,
        flip: rule.flip(memory, target.view, judgement),
        value,
        threshold,
        n,
      };
    }),
    guards: GUARDS.map((guard) => {
      const answer = guard.ask(state, candidate);
      return { guard: guard.name, holds: answer !== null, reason: answer?.reason ?? "", flip: answer?.flip ?? "" };
    }),
    streak: { failed: failedHeals, threshold: strategy.knobs.consecutiveFailuresThreshold, next_action: candidate.action },
    last_heal: lastHeal,
    duplicates: target.kind === "group" ? sayCopiesOf(state, target.id, strategy) : [],
  };
}

function decide(state: State, candidate: Candidate, phase: string): Pick<Explanation, "decision" | "reason"> {
  const hold = whyHold(state, candidate);
  const { rule, action } = candidate;
  if (phase === "intent" || phase === "acting" || phase === "rolling" || phase === "verifying" || phase === "held") {
    return { decision: "busy", reason: "a heal is under way; its verdict comes first" };
  }
  if (rule === null)
    return { decision: "none", reason: hold === null ? "no symptom" : `no symptom (and if there were one: ${hold.reason})` };
  if (!rule.judgement.sustained && !rule.judgement.dead) return { decision: "hold", reason: `${rule.key} is not sustained yet` };
  return hold === null
    ? { decision: "heal", reason: `${rule.key} fires and no guard holds: ${action} at the next turn` }
    : { decision: "hold", reason: `${hold.guard}: ${hold.reason}` };
}

/** The phase in words: what it waits for and how long. */
export function sayPhase(state: State, target: Target, strategy: Strategy): string {
  const { phase } = target.control;
  const left = (untilMs: number): string => inWords(untilMs - state.nowMs);
  switch (phase.name) {
    case "healthy":
      return "healthy";
    case "suspect":
      return `suspect for ${inWords(state.nowMs - phase.sinceMs)}${phase.trial ? " (trial)" : ""}`;
    case "intent":
      return `heal ${phase.heal.id}: writing the intent`;
    case "acting":
      return `heal ${phase.heal.id}: ${phase.step === "all" ? phase.heal.action : phase.step} under way`;
    case "rolling":
      if (phase.heal.trim != null) return `heal ${phase.heal.id}: trimming, ${phase.heal.trim.done.length} ended`;
      if (phase.heal.replace != null) return sayReplacePhase(state, workerOf(state, target, phase.heal), phase.heal);
      return `heal ${phase.heal.id}: ${phase.heal.roll?.done.length ?? 0} done, ${phase.heal.roll?.waiting.length ?? 0} to go`;
    case "held":
      return `stopped after a crash loop; started once in ${left(phase.resumeAtMs)}`;
    case "verifying":
      if (phase.heal.trim != null) return `heal ${phase.heal.id}: trimmed; watching whether they stay away`;
      return `heal ${phase.heal.id}: watching whether it helped, verdict in ${left(phase.sinceMs + strategy.knobs.gracePeriodMs)} at the earliest`;
    case "settling":
      return `restarted by somebody else ${inWords(state.nowMs - phase.sinceMs)} ago, in its grace period`;
    case "backoff":
      return `the last heal did not help; next attempt in ${left(phase.untilMs)}`;
    case "open":
      return `circuit open (${phase.why})${phase.heal === null ? "" : ", stopped"}; one trial in ${left(phase.untilMs)}`;
    default:
      phase satisfies never;
      return "";
  }
}
