import { actionNow, whyCircuitOpens, type Decision } from "./decide.ts";
import { GUARDS, type Candidate, type Hold } from "./guards.ts";
import { at } from "./instant-words.ts";
import { isJudgeable } from "./judge.ts";
import type { BoundRule } from "./judgement.ts";
import type { RuleState, State, Target } from "./state.ts";
import { graceFromMs, rulesFor } from "./target.ts";
import { sayActingFlip, sayRollingFlip, sayVerdictFlip } from "./heal-flip.ts";
import { clock, inWords } from "./words.ts";

/** One sentence: what has to happen for the decision to change; of several obstacles in a row, the last one. */
export function flipOf(state: State, candidate: Candidate, { decision }: Decision): string {
  const { target, strategy } = candidate;
  const { phase } = target.control;
  switch (phase.name) {
    case "intent":
      return "acts as soon as the record is on disk and PM2 was read again, unless the worker has changed by then";
    case "acting":
      return sayActingFlip(state, strategy, phase);
    case "rolling":
      return sayRollingFlip(phase.heal);
    case "verifying":
      return sayVerdictFlip(state, target, strategy, phase);
    case "held":
      return `started once ${at(state, phase.resumeAtMs)}, as a trial; healer reset ${target.id} starts it now`;
    case "open":
      return sayOpenFlip(state, candidate, phase);
    case "healthy":
    case "suspect":
    case "settling":
    case "backoff":
      return decision === "none" || !isDue(candidate) ? sayFarFlip(state, candidate) : sayNearFlip(state, candidate);
    default:
      phase satisfies never;
      return "";
  }
}

type Phases = Target["control"]["phase"];

function sayOpenFlip(state: State, candidate: Candidate, phase: Extract<Phases, { name: "open" }>): string {
  const { target, rule, strategy } = candidate;
  const reset = `after the repair: healer reset ${target.id}`;
  if (phase.heal !== null) return `started once ${at(state, phase.untilMs)}, as a trial; ${reset} starts it now`;
  if (rule === null) {
    const provenMs = Math.max(phase.restartedAtMs ?? Infinity, graceFromMs(target)) + strategy.knobs.gracePeriodMs;
    return `closes by itself ${at(state, Math.min(phase.untilMs, provenMs))}, if it is still well then; ${reset}`;
  }
  const besides = obstaclesOf(state, candidate).filter(
    ({ guard, untilMs }) => guard !== "circuit" && (untilMs ?? Infinity) > phase.untilMs,
  );
  const held = besides.length === 0 ? "" : `, and ${whenAll(state, besides)}`;
  return `one trial (${actionNow(candidate)}) ${at(state, phase.untilMs)}${held}, if ${rule.key} still fires then; ${reset}`;
}

function isDue({ rule, target }: Candidate): boolean {
  const { phase } = target.control;
  if (phase.name === "suspect" && phase.contain !== null) return true;
  return rule !== null && (rule.judgement.sustained || rule.judgement.dead);
}

/** The symptom stands: only guards are between it and the heal. */
function sayNearFlip(state: State, candidate: Candidate): string {
  const holds = obstaclesOf(state, candidate);
  const { rule, target, action } = candidate;
  const contains = target.control.phase.name === "suspect" && target.control.phase.contain !== null;
  const never = holds.find(({ guard }) => guard === "self");
  if (never !== undefined) return `never: ${never.reason}`;
  const opens = whyCircuitOpens(state, candidate);
  const what = opens === null ? actionNow(candidate) : "the circuit opens instead of another heal";
  const first = holds.some(({ guard, untilMs }) => guard === "incident" && untilMs !== null) ? " and no other of its group goes first" : "";
  const still = contains || rule === null ? "" : `, if ${rule.key} still fires then${first}`;
  if (holds.length > 0) return `${what} ${whenAll(state, holds)}${still}`;
  if (contains || rule === null) return `${action} with the next turn`;
  return `${what} with the next turn, unless ${rule.key} clears before: ${ruleFlip(candidate, rule)}`;
}

/** No symptom yet that would do: first a rule has to fire, then the guards that hold must let pass. */
function sayFarFlip(state: State, candidate: Candidate): string {
  if (!isJudgeable(candidate.target)) return "somebody has to start it; nothing is judged by while it is stopped";
  const rule = candidate.rule ?? nearestRule(candidate);
  if (rule === null) return candidate.target.kind === "group" ? "never as a group: its workers are judged one by one" : "no rule judges it";
  const actsInGrace = candidate.actsInGrace || boundOf(candidate, rule)?.actsInGrace === true;
  const { last, open } = partsOf(obstaclesOf(state, { ...candidate, actsInGrace }));
  const held = [
    ...(last === null ? [] : [`${last.guard} holds it ${untilThen(state, last.untilMs ?? state.nowMs)}`]),
    ...open.map(({ guard, flip }) => `${guard} holds it until ${inPlace(flip)}`),
  ];
  return [`${rule.key}: ${ruleFlip(candidate, rule)}`, ...held].join("; ");
}

function untilThen(state: State, untilMs: number): string {
  const leftMs = Math.max(0, untilMs - state.nowMs);
  return `for ${inWords(leftMs)} more, until ${clock(state.wallMs + leftMs, state.wallMs)}`;
}

function obstaclesOf(state: State, candidate: Candidate): readonly Hold[] {
  return GUARDS.flatMap((guard) => {
    const answer = guard.ask(state, candidate);
    return answer === null ? [] : [{ guard: guard.name, ...answer }];
  });
}

/** The last of those with a time, and all the others. */
function partsOf(holds: readonly Hold[]): { readonly last: Hold | null; readonly open: readonly Hold[] } {
  const timed = holds.filter(({ untilMs }) => untilMs !== null).toSorted((one, other) => (other.untilMs ?? 0) - (one.untilMs ?? 0));
  return { last: timed[0] ?? null, open: holds.filter(({ untilMs }) => untilMs === null) };
}

/** "in 2 m, at 14:02:11Z (grace), and when PM2 answers again". */
function whenAll(state: State, holds: readonly Hold[]): string {
  const { last, open } = partsOf(holds);
  const when = last === null ? "" : `${at(state, last.untilMs ?? state.nowMs)} (${last.guard})`;
  if (open.length === 0) return when;
  return `${when}${when === "" ? "" : ", and "}when ${[...new Set(open.map(({ flip }) => inPlace(flip)))].join(", and ")}`;
}

/** A guard says what to do; in the middle of a sentence it is somebody who does it. */
function inPlace(flip: string): string {
  if (flip.startsWith("healer ")) return `somebody runs ${flip}`;
  if (/^(its|the) verdict/.test(flip)) return `${flip} is in`;
  return flip === "set mode: heal" ? "the mode is heal" : flip;
}

function ruleFlip({ target, strategy }: Candidate, rule: RuleState): string {
  return boundOf({ target, strategy }, rule)?.flip(rule.memory, target.view, rule.judgement) ?? "";
}

function boundOf({ target, strategy }: Pick<Candidate, "target" | "strategy">, rule: RuleState): BoundRule | undefined {
  return rulesFor(strategy, target.kind).find(({ key }) => key === rule.key);
}

/** The one to watch: under suspicion, else the first that climbs the ladder, else an always-on one. */
function nearestRule(candidate: Candidate): RuleState | null {
  const rank = (rule: RuleState): number => {
    const { state } = rule.judgement;
    const climbs = boundOf(candidate, rule)?.action === null ? 2 : 0;
    return (state === "elevated" ? 4 : state === "fine" ? 1 : 0) + climbs;
  };
  return candidate.target.rules.reduce<RuleState | null>((best, rule) => (best === null || rank(rule) > rank(best) ? rule : best), null);
}
