import { forgetOldDependencies } from "./dependency.ts";
import { dropTarget } from "./arrivals.ts";
import type { BoundRule } from "./judgement.ts";
import { leaveAloneAtFirst, tellReviews } from "./first-heal.ts";
import { assignStrategy } from "./select.ts";
import { reviewStrategies } from "./standing.ts";
import { hasSeenPm2 } from "./state.ts";
import { loseGpus } from "./gpu-trouble.ts";
import { loseHost } from "./host.ts";
import type { RuleState, State, Target } from "./state.ts";
import type { Policy, Strategy } from "./strategy.ts";
import { graceFromMs, newRuleState, rulesFor, withControl } from "./target.ts";
import { sayOf, type Turn } from "./turn.ts";
import { noteBudget } from "./watchdog.ts";

const UNSELECTED = "no longer selected by the configuration, or by two strategies";

/**
 * An edited configuration. A rule that changed starts a new epoch, so that an edit never heals on retained history;
 * running grace periods and cool-downs are not shortened (row 25).
 */
export function takePolicy(turn: Turn, policy: Policy): void {
  const { state } = turn;
  const before = state.policy;
  for (const target of [...state.targets.values()]) {
    // Under the old policy: closing a heal needs the strategy that began it.
    if (strategyIn(policy, state, target) === null) dropTarget(turn, target, UNSELECTED);
  }
  noteBudget(state);
  state.policy = policy;
  state.conflicts.clear();
  if (before.mode !== policy.mode) {
    const reason = policy.mode === "heal" ? "healer acts from now on" : "healer decides and records from now on, and does nothing";
    sayOf(turn, "healer", { level: "warn", event: "mode_changed", reason, more: { from: before.mode, to: policy.mode } });
  }
  const reviews = hasSeenPm2(state) ? reviewStrategies(state) : [];
  for (const target of [...state.targets.values()]) adopt(turn, target, before);
  tellReviews(turn, reviews);
  forgetLostSensors(state);
  forgetOldDependencies(state, before.strategies);
}

/** A sensor that the edit took away can never see again; its blindness, and its queue's last figures, would stand for ever. */
function forgetLostSensors(state: State): void {
  const { strategies, machine } = state.policy;
  const watched = [...(machine?.host == null ? [] : ["host"]), ...(machine?.gpu == null ? [] : ["gpus"])];
  if (!watched.includes("host")) loseHost(state);
  if (!watched.includes("gpus")) loseGpus(state);
  const names = strategies.flatMap(({ name, queues, rules, dependency }) => [
    ...(dependency === undefined ? [] : [`dependency:${name}`]),
    ...queues.map((queue) => `queue:${queue}`),
    ...rules.map(({ key }) => `${key}:${name}`),
  ]);
  const sensors = new Set(["os-processes", ...watched, ...names]);
  for (const [key, { target }] of state.blind) {
    const sensor = target === null ? key : key.slice(0, -(target.length + 1));
    if (!sensors.has(sensor)) state.blind.delete(key);
  }
  for (const queue of state.queues.keys()) if (!sensors.has(`queue:${queue}`)) state.queues.delete(queue);
  for (const queue of state.poison.keys()) if (!sensors.has(`queue:${queue}`)) state.poison.delete(queue);
}

function adopt(turn: Turn, target: Target, before: Policy): void {
  const { state } = turn;
  const strategy = strategyIn(state.policy, state, target);
  if (strategy === null) throw new Error(`${target.id} is selected by nothing and should have been dropped`);
  keepGrace(state, target, { before: gracePeriodMs(before, target), after: strategy.knobs.gracePeriodMs });
  if (target.strategy !== strategy.name) leaveAloneAtFirst(state, target, strategy);
  target.strategy = strategy.name;
  const changed = changedRules(target, strategy);
  const epoch = { ...target.epoch, atMs: state.nowMs };
  const rulesBefore = new Map(target.rules.map((rule) => [rule.key, rule]));
  const next = rulesFor(strategy, target.kind).map((rule) =>
    changed.has(rule.key) ? newRuleState(rule, epoch) : keep(rulesBefore.get(rule.key), rule),
  );
  target.rules.splice(0, target.rules.length, ...next.filter((rule) => rule !== null));
  if (changed.size > 0 && target.control.phase.name === "suspect" && target.control.phase.contain === null)
    withControl(target, { phase: { name: "healthy" } });
  target.said.hold = null;
  target.said.wouldHeal = false;
}

function gracePeriodMs(policy: Policy, target: Target): number {
  return policy.strategies.find(({ name }) => name === target.strategy)?.knobs.gracePeriodMs ?? 0;
}

/** A grace period that runs ends when it was promised to, also if new ones are shorter. */
function keepGrace(state: State, target: Target, grace: { before: number; after: number }): void {
  const { phase, calmFromMs } = target.control;
  const fromMs =
    target.kind === "worker" ? graceFromMs(target) : Math.max(calmFromMs, phase.name === "verifying" ? phase.sinceMs : calmFromMs);
  const endMs = fromMs + grace.before;
  if (state.nowMs < endMs && grace.after < grace.before) withControl(target, { calmFromMs: endMs - grace.after });
}

function strategyIn(policy: Policy, state: State, target: Target): Strategy | null {
  const row = target.row ?? firstMemberRow(state, target);
  const assigned = row === null ? null : assignStrategy(policy, row);
  return assigned === null || "conflict" in assigned ? null : assigned;
}

function firstMemberRow(state: State, target: Target): Target["row"] {
  const first = state.groups.get(target.id)?.members[0];
  return first === undefined ? null : (state.targets.get(first)?.row ?? null);
}

function changedRules(target: Target, strategy: Strategy): ReadonlySet<string> {
  const before = new Map(target.rules.map((rule) => [rule.key, rule.fingerprint]));
  return new Set(
    rulesFor(strategy, target.kind)
      .filter((rule) => before.get(rule.key) !== rule.fingerprint)
      .map((rule) => rule.key),
  );
}

function keep(ruleState: RuleState | undefined, { observeOnly }: BoundRule): RuleState | null {
  if (ruleState === undefined) return null;
  ruleState.observeOnly = observeOnly;
  return ruleState;
}
