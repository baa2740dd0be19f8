import { healOf } from "./control.ts";
import type { Command } from "./event.ts";
import { groupFactsOf } from "./group-facts.ts";
import { whyHold, whyNotForced } from "./guards.ts";
import type { Candidate } from "./guards.ts";
import { endHeal } from "./heal-end.ts";
import { startHeal } from "./heal-start.ts";
import type { Target } from "./state.ts";
import { planTrim } from "./trim-plan.ts";
import { sayPlan } from "./trim-words.ts";
import { strategyOf, type Turn } from "./turn.ts";

type Order = Extract<Command, { name: "trim" }> & { readonly by: string };
type Answer = { readonly code: 0 | 2 | 4; readonly text: string; readonly healId?: string };

/**
 * The list first, the same for a dry run and a real one. Nobody has to wait for the trim that is under way: whoever orders
 * the same again is told its id.
 */
export function trimByHand(turn: Turn, target: Target, order: Order): Answer {
  if (target.kind === "worker") return { code: 2, text: `a trim is of an app: healer trim ${target.group}` };
  const refusal = whyNotForced(order.force);
  if (refusal !== null) return refusal;
  const limits = { keep: order.keep, outside: order.outside ?? strategyOf(turn.state, target).knobs.trimOutside };
  const units = planTrim(groupFactsOf(turn.state, target.id), limits, turn.state.nowMs);
  if (units.length === 0) return { code: 0, text: `${target.id}: nobody is too many; at most ${order.keep} may run` };
  const text = sayPlan(units);
  if (order.dryRun) return { code: 0, text };
  const underWay = healOf(target.control.phase);
  if (underWay?.trim?.keep === limits.keep && underWay.trim.outside === limits.outside && !isOnlyWatched(target))
    return { code: 0, text, healId: underWay.id };
  return begin(turn, target, order, { limits, text });
}

function begin(
  turn: Turn,
  target: Target,
  order: Order,
  { limits, text }: { limits: Parameters<typeof planTrim>[1]; text: string },
): Answer {
  const strategy = strategyOf(turn.state, target);
  const candidate: Candidate = { target, strategy, rule: null, action: "trim", actsInGrace: true, observeOnly: false, holdsDown: false };
  const gives = isOnlyWatched(target);
  const hold = whyHold(turn.state, candidate, [...order.force.filter((name) => name !== "in-flight"), ...(gives ? ["in-flight"] : [])]);
  if (hold !== null) {
    const how = hold.guard === "in-flight" ? "not to be overridden" : `to override: --force ${hold.guard}`;
    return { code: 4, text: `not done: ${hold.reason} (guard: ${hold.guard}; ${how})` };
  }
  if (gives) endHeal(turn, target, { verdict: "aborted", reason: `superseded by a trim that ${order.by} asked for` });
  const heal = startHeal(turn, candidate, { by: order.by, trial: false, trim: limits });
  return { code: 0, text, healId: heal.id };
}

/** A trim that is done and only watched gives way to the next. */
function isOnlyWatched({ control: { phase } }: Target): boolean {
  return phase.name === "verifying" && phase.heal.trim != null;
}
