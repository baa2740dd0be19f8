import { newBootWatch } from "./boot.ts";
import { newControl } from "./control.ts";
import type { Control } from "./control.ts";
import type { BoundRule, Epoch } from "./judgement.ts";
import type { TargetId } from "./observation.ts";
import { newLedger } from "./restart-ledger.ts";
import { NO_JUDGEMENT } from "./state.ts";
import type { RuleState, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";

const TASKS_IGNORED_AFTER_ACTION_MS = 10_000; // tasks our own kill cut short still come in for a while (decision-core §4.1)

export function newTarget(state: State, options: { id: TargetId; kind: "worker" | "group"; group: TargetId; strategy: Strategy }): Target {
  const { id, kind, group, strategy } = options;
  const epoch: Epoch = { atMs: state.nowMs, ignoreTasksUntilMs: state.nowMs, forgiveFailures: 0 };
  return {
    id,
    kind,
    group,
    strategy: strategy.name,
    control: newControl(),
    row: null,
    successor: null,
    incarnation: null,
    remembered: null,
    epoch,
    tasks: null,
    runningTasks: 0,
    exits: [],
    ledger: newLedger(state.wallMs),
    metAtMs: state.nowMs,
    boot: newBootWatch(),
    life: null,
    dueSinceMs: null,
    rules: rulesFor(strategy, kind).map((rule) => newRuleState(rule, epoch)),
    view: {
      id,
      kind,
      nowMs: state.nowMs,
      row: null,
      readyAtMs: null,
      startedAtMs: null,
      epochAtMs: epoch.atMs,
      tasks: null,
      queues: [],
      blind: null,
      exits: [],
      lastLifeMs: null,
      statusSinceMs: state.nowMs,
      group: null,
    },
    onsetAtMs: null,
    othersStartAtMs: null,
    said: { hold: null, wouldHeal: false },
    recoveringSinceMs: null,
  };
}

/** A group is judged only by what is known of groups: task outcomes, and how many it is. Workers by everything else. */
export function rulesFor(strategy: Strategy, kind: "worker" | "group"): readonly BoundRule[] {
  let byKind = RULES_BY_KIND.get(strategy);
  if (byKind === undefined) {
    byKind = {
      worker: strategy.rules.filter(({ scope }) => scope !== "group"),
      group: strategy.rules.filter(({ scope }) => scope !== "worker"),
    };
    RULES_BY_KIND.set(strategy, byKind);
  }
  return byKind[kind];
}

/** Asked several times a target and turn, and a strategy never changes. */
const RULES_BY_KIND = new WeakMap<Strategy, Readonly<Record<"worker" | "group", readonly BoundRule[]>>>();

export function newRuleState(rule: BoundRule, epoch: Epoch): RuleState {
  return {
    key: rule.key,
    fingerprint: rule.fingerprint,
    observeOnly: rule.observeOnly,
    memory: rule.fresh(epoch),
    judgement: NO_JUDGEMENT,
    symptomAtMs: null,
    healed: false,
  };
}

/** From now on only new evidence counts. After our own action, what our kill cut short is not held against the worker. */
export function startEpoch(state: State, target: Target, strategy: Strategy, cause: "our-action" | "other"): void {
  const ours = cause === "our-action";
  target.epoch = {
    atMs: state.nowMs,
    ignoreTasksUntilMs: ours ? state.nowMs + TASKS_IGNORED_AFTER_ACTION_MS : state.nowMs,
    forgiveFailures: ours ? target.runningTasks : 0,
  };
  target.view.epochAtMs = target.epoch.atMs;
  const rules = rulesFor(strategy, target.kind);
  for (const ruleState of target.rules) {
    const rule = rules.find((candidate) => candidate.key === ruleState.key);
    if (rule !== undefined) forgetEvidence(ruleState, rule, target.epoch);
  }
}

/** PM2 restarted a crashed worker: what was seen of the old process says nothing about the new one; task evidence and
 * the count of crashes stay, and the state of the machine too (row 24b). */
export function forgetOldProcess(state: State, target: Target, strategy: Strategy): void {
  const epoch = { ...target.epoch, atMs: state.nowMs };
  for (const ruleState of target.rules) {
    const rule = strategy.rules.find((candidate) => candidate.key === ruleState.key);
    if (rule !== undefined && rule.scope === "worker" && !rule.actsInGrace) forgetEvidence(ruleState, rule, epoch);
  }
}

/** Drops the evidence of rules whose proof is of the past while the newest observations are good. */
export function forgetOutlived(state: State, target: Target, strategy: Strategy): void {
  const epoch: Epoch = { atMs: state.nowMs, ignoreTasksUntilMs: state.nowMs, forgiveFailures: 0 };
  const rules = rulesFor(strategy, target.kind);
  for (const ruleState of target.rules) {
    const rule = rules.find((candidate) => candidate.key === ruleState.key);
    if (rule !== undefined && ruleState.judgement.recently === "good") forgetEvidence(ruleState, rule, epoch);
  }
}

/** Drops what rules know of tasks, whose failures had a cause outside the worker; how they judge anything else stays. */
export function forgetTasks(state: State, target: Target, strategy: Strategy): void {
  const epoch: Epoch = { ...target.epoch, atMs: state.nowMs };
  const rules = rulesFor(strategy, target.kind);
  for (const ruleState of target.rules) {
    const rule = rules.find((candidate) => candidate.key === ruleState.key);
    if (rule?.scope === "tasks") forgetEvidence(ruleState, rule, epoch);
  }
}

function forgetEvidence(ruleState: RuleState, rule: BoundRule, epoch: Epoch): void {
  ruleState.memory = rule.fresh(epoch);
  ruleState.judgement = NO_JUDGEMENT;
}

/** Instant from which grace counts: the worker's own start, or a resume or the machine's wake-up where that is later. */
export function graceFromMs(target: Target): number {
  return Math.max(target.view.readyAtMs ?? target.view.nowMs, target.control.calmFromMs);
}

export function withControl(target: Target, change: Partial<Control>): void {
  target.control = { ...target.control, ...change };
}
