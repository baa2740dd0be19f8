import type { BoundRule, Epoch, TargetView } from "../../src/core/judgement.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "./core-policy.ts";
import { workerRow } from "./worker-row.ts";

/** What a rule needs to be asked in a test: the default knobs, a row, a view, and the rule bound as `config` binds it. */

export const EPOCH: Epoch = { atMs: 0, ignoreTasksUntilMs: 0, forgiveFailures: 0 };

export function viewOf(change: Partial<TargetView> = {}): TargetView {
  return {
    id: "api:0",
    kind: "worker",
    nowMs: 0,
    row: workerRow(),
    readyAtMs: 0,
    startedAtMs: 0,
    epochAtMs: 0,
    tasks: null,
    queues: [],
    blind: null,
    exits: [],
    lastLifeMs: null,
    statusSinceMs: 0,
    group: null,
    ...change,
  };
}

/** `params` as they stand in the YAML. */
export function bindRule(name: string, params: unknown = {}, knobs: Partial<Knobs> = {}): BoundRule {
  const rule = RULES.find((candidate) => candidate.name === name);
  if (rule === undefined) throw new Error(`no rule "${name}" in the registry`);
  return rule.bind(rule.params.parse(params), { key: name, observeOnly: false, knobs: { ...KNOBS, ...knobs } });
}
