import { byUrgency } from "./consider.ts";
import type { Heal, Phase } from "./control.ts";
import { whyFlapping } from "./flapping.ts";
import { whyHold, type Candidate } from "./guards.ts";
import type { State, Target } from "./state.ts";
import { candidateNow } from "./tick.ts";
import { strategyOf } from "./turn.ts";
import { plural } from "./words.ts";

/** What the next turn does with a target if nothing new happens until then, and why. */
export interface Decision {
  readonly decision: "heal" | "hold" | "none" | "busy";
  readonly reason: string;
}

/**
 * The same questions in the same order as `tick.ts` and `consider.ts` ask them, without doing anything; a test compares the
 * two in worlds drawn at random.
 */
export function decide(state: State, candidate: Candidate): Decision {
  const busy = whyBusy(candidate.target.control.phase);
  if (busy !== null) return { decision: "busy", reason: busy };
  const notDue = whyNotDue(state, candidate);
  if (notDue !== null) return notDue;
  const hold = whyHold(state, candidate);
  if (hold !== null) return { decision: "hold", reason: `${hold.guard}: ${hold.reason}` };
  const opens = whyCircuitOpens(state, candidate);
  if (opens !== null) return { decision: "hold", reason: `the circuit opens at the next turn instead: ${opens}` };
  return {
    decision: "heal",
    reason: `${whatFires(candidate)} and no guard holds: ${actionNow(candidate)} at the next turn${firstOthers(state, candidate)}`,
  };
}

/** A heal is under way: nothing else is decided about the target before it has ended. */
function whyBusy(phase: Phase): string | null {
  switch (phase.name) {
    case "intent":
      return `heal ${phase.heal.id} is being written down; ${phase.step === "all" ? phase.heal.action : phase.step} follows`;
    case "acting":
      return `heal ${phase.heal.id} is being carried out; whether it helped is watched next`;
    case "rolling":
      return `heal ${phase.heal.id} goes on, ${howItGoesOn(phase.heal)}`;
    case "verifying":
      return `heal ${phase.heal.id} is under way; its verdict comes first`;
    case "held":
      return `heal ${phase.heal.id}: it is stopped and will be started once, as a trial`;
    case "healthy":
    case "suspect":
    case "settling":
    case "backoff":
    case "open":
      return null;
    default:
      phase satisfies never;
      return null;
  }
}

function howItGoesOn({ trim, replace, roll }: Heal): string {
  if (replace != null && roll === null) return "two of it run for a while";
  return trim == null ? "one worker after another" : "those too many go one after another";
}

/** No symptom, or none that may be acted on yet. */
function whyNotDue(state: State, candidate: Candidate): Decision | null {
  const { rule, target } = candidate;
  const { phase } = target.control;
  if (phase.name === "suspect" && phase.contain !== null) return null;
  if (rule === null) {
    const hold = whyHold(state, candidate);
    if (phase.name === "open" && phase.heal !== null && hold !== null) return { decision: "hold", reason: `${hold.guard}: ${hold.reason}` };
    return { decision: "none", reason: hold === null ? "no symptom" : `no symptom (and if there were one: ${hold.reason})` };
  }
  const { sustained, dead } = rule.judgement;
  if (!sustained && !dead) return { decision: "hold", reason: `${rule.key} is not sustained yet` };
  // While somebody else's restart settles only a crash loop is acted on, also in the turn in which its grace ends.
  if (phase.name !== "settling" || (candidate.actsInGrace && sustained)) return null;
  const hold = whyHold(state, candidate);
  return { decision: "hold", reason: hold === null ? "its grace period is over with the next turn" : `${hold.guard}: ${hold.reason}` };
}

/** Every guard lets pass, and yet this heal would be one too many. The one trial after a cool-down never is. */
export function whyCircuitOpens(state: State, { target, strategy, holdsDown }: Candidate): string | null {
  const { healsAtMs, unproven, failedHeals, phase } = target.control;
  if (holdsDown || phase.name === "open" || (phase.name === "suspect" && phase.trial)) return null;
  const flapping = whyFlapping(state.nowMs, healsAtMs, strategy.knobs);
  if (flapping !== null) return flapping;
  if (!unproven || failedHeals + 1 < strategy.knobs.consecutiveFailuresThreshold) return null;
  return `the last heal ended unproven and the symptom is back, so that ${plural(failedHeals + 1, "heal")} in a row did not help`;
}

/** The rung it would be: the last heal counts as failed by now if it ended unproven. */
export function actionNow({ target, strategy, action }: Candidate): string {
  const { unproven, failedHeals, phase } = target.control;
  if (phase.name === "held" || (phase.name === "open" && phase.heal !== null)) return "start";
  if (!unproven) return action;
  const charged = Math.min(strategy.knobs.consecutiveFailuresThreshold, failedHeals + 1);
  return candidateNow({ ...target, control: { ...target.control, failedHeals: charged } }, strategy).action;
}

function whatFires({ target, rule }: Candidate): string {
  const { phase } = target.control;
  if (phase.name === "suspect" && phase.contain !== null) return "it must be stopped";
  return `${rule?.key ?? "a person's order"} fires`;
}

/** Who is asked before it in the same turn and may take the last heal of the budget, or the group's turn. */
function firstOthers(state: State, candidate: Candidate): string {
  const ahead = [...state.targets.values()].filter((other) => other !== candidate.target && isAhead(state, other, candidate));
  if (ahead.length === 0) return "";
  const names = ahead.slice(0, 3).map(({ id }) => id);
  const who = ahead.length > names.length ? `${names.join(", ")} and ${ahead.length - names.length} more` : names.join(", ");
  return `, unless ${who} (more urgent, asked first) ${ahead.length === 1 ? "takes" : "take"} the last of the budget or the group's turn`;
}

function isAhead(state: State, other: Target, candidate: Candidate): boolean {
  const rival = candidateNow(other, strategyOf(state, other));
  return (
    whyBusy(other.control.phase) === null &&
    byUrgency(rival, candidate) < 0 &&
    whyNotDue(state, rival) === null &&
    whyHold(state, rival) === null
  );
}
