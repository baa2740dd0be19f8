import { isInFlight, type Control } from "./control.ts";
import { actionNow, decide } from "./decide.ts";
import { sayCopiesOf } from "./explain-duplicates.ts";
import { flipOf } from "./explain-flip.ts";
import { sayIncident } from "./explain-incident.ts";
import { GUARDS } from "./guards.ts";
import { isJudgeable } from "./judge.ts";
import type { BoundRule } from "./judgement.ts";
import { sayPhase } from "./phase-words.ts";
import { restartStatusOf, type RestartStatus } from "./status-restarts.ts";
import { NO_JUDGEMENT, type RuleState, type State, type Target } from "./state.ts";
import { actsOf } from "./standing.ts";
import { rulesFor } from "./target.ts";
import { candidateNow } from "./tick.ts";
import { strategyOf } from "./turn.ts";

/**
 * Why a target is, or is not, healed now: every rule's numbers, every guard's answer, and what would change them. All of it
 * is asked of the same functions that decide, and nothing is changed by asking. `decision` is what the next turn does if
 * nothing new happens until then.
 */
export interface Explanation {
  /** Of the last turn or event, which all of it speaks of. */
  readonly at: string;
  readonly target: string;
  readonly kind: "worker" | "group";
  readonly strategy: string;
  readonly mode: string;
  /** The state of the machine, and in words what it waits for. */
  readonly state: string;
  readonly decision: "heal" | "hold" | "none" | "busy";
  readonly reason: string;
  /** What has to happen for the decision to change, the last obstacle in order. */
  readonly flip: string;
  readonly rules: readonly ExplainedRule[];
  readonly guards: readonly ExplainedGuard[];
  readonly streak: { readonly failed: number; readonly threshold: number; readonly next_action: string };
  readonly last_heal: Control["lastHeal"];
  /** Of a worker: what PM2's restarts of it were for. */
  readonly restart_causes: RestartStatus | null;
  /** Of a group whose workers went bad together, and of its workers: how far that is. */
  readonly incident: string | null;
  /** Of a group: a sentence for each worker too many, with whoever started it. */
  readonly duplicates: readonly string[];
}

export interface ExplainedRule {
  readonly rule: string;
  readonly state: string;
  readonly sustained: boolean;
  readonly text: string;
  /** What would change the judgement; empty while nobody judges it. */
  readonly flip: string;
  readonly value: number | string | null;
  readonly threshold: number | string | null;
  readonly unit: string;
  readonly n: number | string | null;
  /** Interval round `value`, where the rule has one. */
  readonly low: number | null;
  readonly high: number | null;
  /** For how long the symptom has stood; null = there is none. */
  readonly stands_ms: number | null;
}

export interface ExplainedGuard {
  readonly guard: string;
  readonly holds: boolean;
  readonly reason: string;
  readonly flip: string;
  /** When it lets go by itself; null = not by time, or it does not hold. */
  readonly until: string | null;
  readonly left_ms: number | null;
}

export function explain(state: State, target: Target): Explanation {
  const strategy = strategyOf(state, target);
  const candidate = candidateNow(target, strategy);
  const decision = decide(state, candidate);
  const { failedHeals, lastHeal } = target.control;
  const rules = rulesFor(strategy, target.kind);
  return {
    at: new Date(state.wallMs).toISOString(),
    target: target.id,
    kind: target.kind,
    strategy: strategy.name,
    mode: actsOf(state, strategy),
    state: sayPhase(state, target, strategy),
    ...decision,
    flip: flipOf(state, candidate, decision),
    rules: rules.map((rule, index) => explainRule(state, target, { rule, ruleState: target.rules[index] })),
    guards: GUARDS.map((guard) => explainGuard(state, guard.name, guard.ask(state, candidate))),
    streak: { failed: failedHeals, threshold: strategy.knobs.consecutiveFailuresThreshold, next_action: actionNow(candidate) },
    last_heal: lastHeal,
    restart_causes: restartStatusOf(state, target),
    incident: sayIncident(state, target),
    duplicates: target.kind === "group" ? sayCopiesOf(state, target.id, strategy) : [],
  };
}

function explainRule(state: State, target: Target, of: { rule: BoundRule; ruleState: RuleState | undefined }): ExplainedRule {
  const { rule, ruleState } = of;
  if (ruleState === undefined) throw new Error(`no state for rule ${rule.key} of ${target.id}`);
  const isJudged = isJudgeable(target);
  const judgement = isJudged ? ruleState.judgement : NO_JUDGEMENT; // what the next turn will make it
  const { state: word, value, threshold, unit, n, low, high, sinceMs, sustained } = judgement;
  return {
    rule: rule.key,
    state: word,
    sustained,
    text: isJudged ? rule.describe(ruleState.memory, target.view, judgement) : whyNotJudged(target),
    flip: isJudged ? rule.flip(ruleState.memory, target.view, judgement) : "",
    ...{ value, threshold, unit, n, low, high },
    stands_ms: sinceMs === null ? null : Math.round(state.nowMs - sinceMs),
  };
}

function whyNotJudged({ control, row }: Target): string {
  if (isInFlight(control.phase)) return "not judged while it is in a heal";
  return row === null ? "not judged: PM2 does not list it" : "not judged while it is stopped";
}

function explainGuard(state: State, name: string, answer: ReturnType<(typeof GUARDS)[number]["ask"]>): ExplainedGuard {
  const untilMs = answer?.untilMs ?? null;
  const leftMs = untilMs === null ? null : Math.max(0, Math.round(untilMs - state.nowMs));
  return {
    guard: name,
    holds: answer !== null,
    reason: answer?.reason ?? "",
    flip: answer?.flip ?? "",
    until: leftMs === null ? null : new Date(state.wallMs + leftMs).toISOString(),
    left_ms: leftMs,
  };
}
