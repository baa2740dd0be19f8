import { chargeUnproven, openForFlapping } from "./heal-end.ts";
import { whyHold } from "./guards.ts";
import type { Candidate, Hold } from "./guards.ts";
import { startHeal } from "./heal-start.ts";
import { rulesFor } from "./target.ts";
import { numbersOf } from "./judge.ts";
import { whyFlapping } from "./flapping.ts";
import { candidateNow, sayHoldOnce } from "./tick.ts";
import { say, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/** Who first: the dead, then whoever has been sick longest. Stable, so that the same world gives the same order. */
export function byUrgency(one: Candidate, other: Candidate): number {
  const dead = Number(other.rule?.judgement.dead ?? false) - Number(one.rule?.judgement.dead ?? false);
  if (dead !== 0) return dead;
  const since = (one.rule?.symptomAtMs ?? 0) - (other.rule?.symptomAtMs ?? 0);
  return since !== 0 ? since : one.target.id < other.target.id ? -1 : 1;
}

/** Rows 3–5: asks the guards, and either says why not, records what would be done, or writes the intent. */
export function consider(turn: Turn, candidate: Candidate): void {
  const { target, strategy, holdsDown, rule } = candidate;
  // Another target's turn may have closed their incident since, and dropped the evidence this one was sick by.
  if (!holdsDown && rule !== null && rule.judgement.state !== "sick") return;
  const hold = whyHold(turn.state, candidate);
  if (hold?.guard === "observe" || hold?.guard === "shadow") return wouldHeal(turn, candidate, hold);
  if (hold !== null) return sayHoldOnce(turn, target, hold);
  // A stop that contains a crash loop is not held back by how often it was healed; the circuit opens round it then.
  // Nor is the one trial after a cool-down: it has been paced by that already.
  const isTrial = target.control.phase.name === "suspect" && target.control.phase.trial;
  const flapping = holdsDown || isTrial ? null : whyFlapping(turn.state.nowMs, target.control.healsAtMs, strategy.knobs);
  if (flapping !== null) return openForFlapping(turn, target, flapping);
  const { unproven, phase } = target.control;
  if (unproven && chargeUnproven(turn, target, strategy, { holdsDown, isTrial })) return;
  const charged = unproven ? candidateNow(target, strategy) : candidate; // one rung further
  startHeal(turn, charged, { by: null, trial: phase.name === "suspect" && phase.trial });
}

/** Observe mode, or a shadow: the whole decision, once an episode, and nothing done. */
function wouldHeal(turn: Turn, candidate: Candidate, hold: Hold): void {
  const { target, strategy, rule, action } = candidate;
  if (target.said.wouldHeal) return;
  target.said.wouldHeal = true;
  const bound = rule === null ? undefined : rulesFor(strategy, target.kind).find((candidateRule) => candidateRule.key === rule.key);
  const evidence = rule === null || bound === undefined ? "" : bound.describe(rule.memory, target.view, rule.judgement);
  const age = rule?.symptomAtMs == null ? "" : `, symptom since ${inWords(turn.state.nowMs - rule.symptomAtMs)}`;
  say(turn, target, {
    level: "warn",
    event: "would_heal",
    reason: `${evidence}; would ${action}${age} (${hold.reason})`,
    more: { rule: rule?.key ?? null, action, ...(rule === null ? {} : numbersOf(rule.judgement)) },
  });
}
