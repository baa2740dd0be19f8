import { groupFactsOf } from "./group-facts.ts";
import type { BoundRule, Judgement, QueueFacts } from "./judgement.ts";
import { NO_JUDGEMENT } from "./state.ts";
import type { RuleState, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { rulesFor } from "./target.ts";
import { advanceTasks } from "./task-windows.ts";
import { say, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/** Lets every rule of a target look at its evidence, and writes down the symptoms that come and go. */
export function judgeTarget(turn: Turn, target: Target, strategy: Strategy): void {
  refreshView(turn.state, target, strategy);
  const judgeable = isJudgeable(target);
  const rules = rulesFor(strategy, target.kind);
  for (let index = 0; index < target.rules.length; index++) {
    const ruleState = target.rules[index];
    const rule = rules[index];
    if (ruleState === undefined || rule === undefined) continue;
    ruleState.judgement = judgeable ? rule.judge(ruleState.memory, target.view) : NO_JUDGEMENT;
    noteSymptom(turn, target, { rule, ruleState });
  }
}

export function refreshView(state: State, target: Target, strategy: Strategy): void {
  const { view } = target;
  view.nowMs = state.nowMs;
  view.row = target.row;
  view.tasks = target.tasks;
  view.exits = target.exits;
  if (target.tasks !== null) advanceTasks(target.tasks, state.nowMs);
  if (target.kind === "group" && strategy.knobs.maxWorkers !== null) view.group = groupFactsOf(state, target.id);
  view.queues = queuesOf(state, strategy);
  view.blind = blindnessOf(state, target, strategy);
}

/** Nobody judges a worker that was stopped, by its operator or by us, nor one an action is being done to. */
export function isJudgeable(target: Target): boolean {
  const { phase } = target.control;
  if (phase.name === "intent" || phase.name === "acting" || phase.name === "held") return false;
  if (target.kind === "group") return true;
  return target.row !== null && !(target.row.status === "stopped" && target.row.pid === null);
}

function queuesOf(state: State, strategy: Strategy): readonly QueueFacts[] {
  if (strategy.queues.length === 0) return NO_QUEUES;
  return strategy.queues.map((name) => state.queues.get(name)).filter((facts) => facts !== undefined);
}

const NO_QUEUES: readonly QueueFacts[] = [];

function blindnessOf(state: State, target: Target, strategy: Strategy): string | null {
  if (state.blind.size === 0) return null;
  for (const queue of strategy.queues) {
    const blindness = state.blind.get(`queue:${queue}`) ?? state.blind.get(`queue:${queue} ${target.id}`);
    if (blindness !== undefined && (blindness.target === null || blindness.target === target.id)) return blindness.reason;
  }
  return null;
}

function noteSymptom(turn: Turn, target: Target, found: { rule: BoundRule; ruleState: RuleState }): void {
  const { rule, ruleState } = found;
  const { judgement } = ruleState;
  if (judgement.state === "sick" && ruleState.symptomAtMs === null) {
    ruleState.symptomAtMs = judgement.sinceMs ?? turn.state.nowMs;
    ruleState.healed = false;
    saySymptom(turn, target, rule, ruleState);
  } else if (ruleState.symptomAtMs !== null && (isGone(target, ruleState) || isStoppedByOperator(target))) {
    clearSymptom(turn, target, found);
  }
}

/** A crash loop on trial looks fine until it crashes again: its symptom is gone when the trial is proven, not before. */
function isGone(target: Target, { key, judgement }: RuleState): boolean {
  const { phase } = target.control;
  const onTrial = phase.name === "verifying" && phase.heal.action === "hold-down" && phase.heal.rule === key;
  return judgement.state === "fine" && !onTrial;
}

function isStoppedByOperator(target: Target): boolean {
  return target.kind === "worker" && !isJudgeable(target) && target.control.phase.name === "healthy";
}

function saySymptom(turn: Turn, target: Target, rule: BoundRule, ruleState: RuleState): void {
  const { judgement } = ruleState;
  say(turn, target, {
    level: "warn",
    event: "symptom",
    reason: rule.describe(ruleState.memory, target.view, judgement),
    more: { rule: rule.key, ...numbersOf(judgement) },
  });
}

export function numbersOf(judgement: Judgement): { readonly [key: string]: number | string | null } {
  const { value, threshold, unit, n, low, high } = judgement;
  return { value, threshold, unit, n, low, high };
}

function clearSymptom(turn: Turn, target: Target, found: { rule: BoundRule; ruleState: RuleState }): void {
  const { rule, ruleState } = found;
  const afterMs = turn.state.nowMs - (ruleState.symptomAtMs ?? turn.state.nowMs);
  const how = ruleState.healed ? "after a heal" : "by itself";
  ruleState.symptomAtMs = null;
  target.said.hold = null;
  target.said.wouldHeal = false;
  const reason = `${rule.key}: gone ${how} after ${inWords(afterMs)}; ${rule.describe(ruleState.memory, target.view, ruleState.judgement)}`;
  say(turn, target, {
    level: "info",
    event: "symptom_cleared",
    reason,
    more: { rule: rule.key, after_ms: Math.round(afterMs), healed: ruleState.healed },
  });
}

/**
 * The rule whose symptom a heal would be about: what may be acted on now before what may not, the dead first, then the order
 * of the configuration. A rule that only observes never stands before one that acts.
 */
export function firingRule(target: Target): RuleState | null {
  let firing: RuleState | null = null;
  for (const rule of target.rules) {
    if (rule.judgement.state !== "sick") continue;
    if (firing === null || rank(rule) > rank(firing)) firing = rule;
  }
  return firing;
}

function rank({ judgement: { dead, sustained }, observeOnly }: RuleState): number {
  return (dead || sustained ? 8 : 0) + (observeOnly ? 0 : 4) + (dead ? 2 : 0) + (sustained ? 1 : 0);
}
