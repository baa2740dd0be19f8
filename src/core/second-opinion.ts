import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { rulesFor } from "./target.ts";

/** Who contradicts the rule that calls a heal recovered. */
export interface Contradiction {
  /** Of the healed target itself, from evidence since the heal; or of the group the healed worker is one of. */
  readonly of: "target" | "group";
  readonly reason: string;
}

/**
 * A rule that asks for the work itself (`synthetic-task`) and has proven that none is done, where the rule that fired sees its
 * own symptom gone. One that only observes is not heard. In an incident the group is known to be in trouble, and whether this worker
 * does better than its peers is the very question.
 */
export function contradictionOf(state: State, target: Target, strategy: Strategy): Contradiction | null {
  const own = proofAgainst(target, strategy);
  if (own !== null) return { of: "target", reason: own };
  const group = target.kind === "worker" ? state.targets.get(target.group) : undefined;
  const isIncident = state.groups.get(target.group)?.incident != null;
  const shared = group === undefined || isIncident ? null : proofAgainst(group, strategy);
  return shared === null ? null : { of: "group", reason: `of the group ${target.group}, ${shared}` };
}

function proofAgainst(target: Target, strategy: Strategy): string | null {
  for (const rule of rulesFor(strategy, target.kind)) {
    if (rule.secondOpinion !== true || rule.observeOnly) continue;
    const ruleState = target.rules.find(({ key }) => key === rule.key);
    if (ruleState === undefined || ruleState.judgement.state !== "sick" || !ruleState.judgement.sustained) continue;
    return `${rule.key}: ${rule.describe(ruleState.memory, target.view, ruleState.judgement)}`;
  }
  return null;
}
