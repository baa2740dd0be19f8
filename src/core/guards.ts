import { nextTokenAtMs } from "./budget.ts";
import { isInFlight, restartsNobody } from "./control.ts";
import type { Pause } from "./control.ts";
import { askDependency } from "./dependency.ts";
import { askFirstGrace, askShadow } from "./first-heal.ts";
import { sayWhyOpen } from "./flapping.ts";
import { groupFactsOf } from "./group-facts.ts";
import { whyIncidentHolds } from "./incident.ts";
import { askGpu } from "./gpu-trouble.ts";
import { askHost } from "./host.ts";
import { askMaintenance, openWindowOf } from "./maintenance.ts";
import { membersOf } from "./members.ts";
import { sayPause } from "./pause-words.ts";
import type { RuleState, State, Target } from "./state.ts";
import { resolveMaxUnavailable } from "./strategy.ts";
import type { Strategy } from "./strategy.ts";
import { graceFromMs } from "./target.ts";
import { busyWith } from "./trim-drain.ts";
import { planTrim } from "./trim-plan.ts";
import { inWords, plural } from "./words.ts";

/** What a heal would be about: the firing rule and the action its rung of the ladder asks for. */
export interface Candidate {
  readonly target: Target;
  readonly strategy: Strategy;
  readonly rule: RuleState | null;
  readonly action: string;
  readonly actsInGrace: boolean;
  readonly observeOnly: boolean;
  /** A crash loop or a circuit that opens: stopping adds no restart, so what limits restarts does not apply. */
  readonly holdsDown: boolean;
}

export interface Hold {
  readonly guard: GuardName;
  readonly reason: string;
  /** Reducer ms at which the guard will let go by itself; null = not by time. */
  readonly untilMs: number | null;
  /** What would change its answer. */
  readonly flip: string;
}

export type GuardName = (typeof GUARDS)[number]["name"];

export type Answer = Omit<Hold, "guard"> | null;

/**
 * One reason each to hold, in the order in which they are asked; the first that holds is the one that is told. A guard
 * answers null to let pass. `explain` asks them all.
 */
export const GUARDS = [
  { name: "self", ask: askSelf },
  { name: "invariant", ask: askInvariant },
  { name: "journal", ask: askJournal },
  { name: "pm2", ask: askPm2 },
  { name: "paused", ask: askPaused },
  { name: "maintenance", ask: askMaintenance },
  { name: "status", ask: askStatus },
  { name: "circuit", ask: askCircuit },
  { name: "in-flight", ask: askInFlight },
  { name: "grace", ask: askGrace },
  { name: "backoff", ask: askBackoff },
  { name: "dependency", ask: askDependency },
  { name: "host", ask: askHost },
  { name: "gpu", ask: askGpu },
  { name: "incident", ask: askIncident },
  { name: "unavailable", ask: askUnavailable },
  { name: "drain", ask: askDrain },
  { name: "budget", ask: askBudget },
  { name: "observe", ask: askObserve },
  { name: "shadow", ask: askShadow },
] as const satisfies readonly { name: string; ask: (state: State, candidate: Candidate) => Answer }[];

/** The first guard that holds, or null: the heal may go ahead. `skip` names guards a person overrides. */
export function whyHold(state: State, candidate: Candidate, skip: readonly string[] = []): Hold | null {
  for (const guard of GUARDS) {
    if (skip.includes(guard.name)) continue;
    const answer = guard.ask(state, candidate);
    if (answer !== null) return { guard: guard.name, ...answer };
  }
  return null;
}

const NEVER_FORCED = ["self", "invariant", "journal", "pm2", "incarnation"]; // the last is not asked but checked before acting

/** Why these guards cannot be overridden by a person: some never are, and some are no guards. */
export function whyNotForced(force: readonly string[]): { code: 2 | 4; text: string } | null {
  const forbidden = force.find((name) => NEVER_FORCED.includes(name));
  if (forbidden !== undefined) return { code: 4, text: `the guard "${forbidden}" is never overridden` };
  const unknown = force.find((name) => !GUARDS.some((guard) => guard.name === name));
  if (unknown === undefined) return null;
  return { code: 2, text: `no guard "${unknown}"; guards: ${GUARDS.map((guard) => guard.name).join(", ")}` };
}

function askSelf(state: State, { target }: Candidate): Answer {
  const pid = target.row?.pid ?? null;
  const itself = target.row !== null && (target.row.isModule || (pid !== null && state.self.pids.includes(pid)));
  return itself ? { reason: "this is healer itself, one of its parents, or a PM2 module", untilMs: null, flip: "never" } : null;
}

function askInvariant({ watchdog }: State): Answer {
  if (watchdog.violation === null) return null;
  const reason = `healer was about to break one of its own promises (${watchdog.violation}) and only watches since`;
  return { reason, untilMs: null, flip: "somebody restarts healer, and reports it" };
}

function askJournal(state: State): Answer {
  const error = state.journalError;
  if (error === null || (error.retryAtMs !== null && state.nowMs >= error.retryAtMs)) return null;
  return {
    reason: `the journal cannot be trusted (${error.reason}), so no intent can be made durable`,
    untilMs: error.retryAtMs,
    flip: error.retryAtMs === null ? "somebody repairs the journal and restarts healer" : "the disk takes writes again",
  };
}

function askPm2(state: State): Answer {
  if (state.pm2.name === "up") return null;
  const reason = state.pm2.name === "lost" ? `PM2 does not answer: ${state.pm2.reason}` : "PM2 has not been heard yet";
  return { reason, untilMs: null, flip: "PM2 answers again" };
}

function askPaused(state: State, { target }: Candidate): Answer {
  const pause = pauseOf(state, target);
  if (pause === null) return null;
  return { reason: sayPause(pause, state.nowMs), untilMs: pause.untilMs, flip: `healer resume ${whomToResume(state, target, pause)}` };
}

function whomToResume(state: State, target: Target, pause: Pause): string {
  if (pause === state.globals.paused) return "--all";
  return pause === target.control.paused ? target.id : target.group;
}

/** The pause in force for a target: its own, its group's, or everybody's. */
export function pauseOf(state: State, target: Target): Pause | null {
  const candidates = [state.globals.paused, state.targets.get(target.group)?.control.paused ?? null, target.control.paused];
  return candidates.find((pause) => pause !== null && (pause.untilMs === null || pause.untilMs > state.nowMs)) ?? null;
}

/** By a person, or by the calendar: no heal begins, and no trial of an open circuit. */
export function isPaused(state: State, target: Target): boolean {
  return pauseOf(state, target) !== null || openWindowOf(state, target) !== null;
}

function askStatus(_state: State, { target, holdsDown }: Candidate): Answer {
  const { row } = target;
  if (target.kind === "group" || isHeldByUs(target)) return null;
  if (row === null) return { reason: "PM2 does not list it", untilMs: null, flip: "it comes back" };
  if (row.status === "stopped" && row.pid === null)
    return { reason: "stopped, by an operator or because it was told to run once: left alone", untilMs: null, flip: "somebody starts it" };
  if (row.status === "stopping") return { reason: "PM2 is stopping it right now", untilMs: null, flip: "PM2 is done" };
  if (holdsDown) return null;
  if (row.status === "launching") return { reason: "PM2 is launching it right now", untilMs: null, flip: "PM2 is done" };
  if (row.pid !== null && (row.status === "waiting restart" || row.status === "stopped"))
    return { reason: "PM2 is about to restart it", untilMs: null, flip: "PM2 is done" };
  return null;
}

function isHeldByUs(target: Target): boolean {
  const { phase } = target.control;
  if (phase.name === "suspect") return phase.contain !== null; // a start of ours that failed left it down
  return phase.name === "held" || (phase.name === "open" && phase.heal !== null);
}

function askCircuit(state: State, { target }: Candidate): Answer {
  const { phase } = target.control;
  if (phase.name !== "open") return null;
  return {
    reason: `the circuit is open (${sayWhyOpen(phase.why)}), for ${inWords(phase.untilMs - state.nowMs)} more`,
    untilMs: phase.untilMs,
    flip: `healer reset ${target.id}`,
  };
}

function askInFlight(state: State, { target }: Candidate): Answer {
  const { phase } = target.control;
  if (isInFlight(phase) || phase.name === "held")
    return { reason: `a heal of it is under way (${phase.name})`, untilMs: null, flip: "its verdict" };
  if (target.kind === "group") {
    const busy = state.groups.get(target.id)?.members.find((id) => isInFlightOrHeld(state.targets.get(id)));
    return busy === undefined ? null : { reason: `a heal of its worker ${busy} is under way`, untilMs: null, flip: "its verdict" };
  }
  const group = state.targets.get(target.group);
  if (group !== undefined && isInFlight(group.control.phase)) {
    return { reason: `a heal of the whole group ${target.group} is under way`, untilMs: null, flip: "its verdict" };
  }
  return null;
}

function isInFlightOrHeld(target: Target | undefined): boolean {
  return target !== undefined && (isInFlight(target.control.phase) || target.control.phase.name === "held");
}

function askGrace(state: State, { target, strategy, rule, actsInGrace }: Candidate): Answer {
  if (actsInGrace) return rule === null ? null : askFirstGrace(state, strategy); // without a rule a person ordered it
  const fromMs = target.kind === "group" ? groupGraceFromMs(state, target) : graceFromMs(target);
  const untilMs = fromMs + strategy.knobs.gracePeriodMs;
  if (state.nowMs >= untilMs) return null;
  if (target.kind === "worker" && target.view.readyAtMs === null)
    return {
      reason: `not up yet; its grace period of ${inWords(strategy.knobs.gracePeriodMs)} begins when it is`,
      untilMs: null,
      flip: "it has been up for its grace period",
    };
  return {
    reason: `in its grace period of ${inWords(strategy.knobs.gracePeriodMs)}, ${inWords(untilMs - state.nowMs)} left`,
    untilMs,
    flip: "the grace period ends",
  };
}

/** A group's grace ends with that of its most recently started member, counted from healer's last step at the earliest. */
function groupGraceFromMs(state: State, target: Target): number {
  const group = state.groups.get(target.id);
  const members = group === undefined ? [] : membersOf(state, group).filter((member) => member.view.readyAtMs !== null);
  const { atMs, ignoreTasksUntilMs } = target.epoch;
  const isByHealer = ignoreTasksUntilMs > atMs;
  return Math.max(target.control.calmFromMs, isByHealer ? atMs : 0, ...members.map(graceFromMs));
}

function askBackoff(state: State, { target, holdsDown }: Candidate): Answer {
  const { phase } = target.control;
  if (holdsDown || phase.name !== "backoff" || phase.untilMs <= state.nowMs) return null;
  return {
    reason: `the last heal did not help; the next attempt is in ${inWords(phase.untilMs - state.nowMs)}`,
    untilMs: phase.untilMs,
    flip: `healer reset ${target.id}`,
  };
}

function askIncident(state: State, { target, rule, holdsDown, action }: Candidate): Answer {
  const held = holdsDown || restartsNobody(action) ? null : whyIncidentHolds(state, target, rule?.judgement.recently);
  return held === null
    ? null
    : { ...held, flip: held.untilMs === null ? "the canary recovers, or the incident ends" : "one of them is healed, or it has passed" };
}

/** Down or in a heal counts; who was stopped by an operator does not. A worker that is down itself may always be healed. */
function askUnavailable(state: State, { target, strategy, holdsDown }: Candidate): Answer {
  const group = state.groups.get(target.group);
  if (target.kind === "group" || group === undefined || holdsDown) return null;
  const others = membersOf(state, group).filter((member) => member !== target);
  const healing = others.filter((member) => isInFlight(member.control.phase));
  const limit = resolveMaxUnavailable(strategy.knobs.maxUnavailable, group.members.length);
  if (healing.length >= limit) {
    return {
      reason: `${plural(healing.length, "worker")} of ${target.group} ${healing.length === 1 ? "is" : "are"} being healed already, at most ${limit} at once`,
      untilMs: null,
      flip: `the verdict on ${healing.map(({ id }) => id).join(" or ")}`,
    };
  }
  if (isDown(target)) return null;
  const unavailable = others.filter((member) => isDown(member) || isInFlight(member.control.phase)).length;
  if (unavailable < limit) return null;
  return {
    reason: `${unavailable} of ${plural(group.members.length, "worker")} of ${target.group} already unavailable, at most ${limit} may be`,
    untilMs: null,
    flip: "one of them is back",
  };
}

function isDown(member: Target): boolean {
  return member.row !== null && member.row.pid === null && (member.row.status !== "stopped" || isHeldByUs(member));
}

function askDrain(state: State, { target, strategy, rule, action }: Candidate): Answer {
  if (strategy.knobs.drainMs === 0 || isDown(target) || rule?.judgement.dead === true) return null;
  const tasks = action === "trim" ? busyWithFirst(state, target, strategy) : target.runningTasks;
  if (tasks === 0) return null;
  const untilMs = (target.dueSinceMs ?? state.nowMs) + strategy.knobs.drainMs;
  if (state.nowMs >= untilMs) return null;
  return {
    reason: `${plural(tasks, "task")} in hand; waiting up to ${inWords(untilMs - state.nowMs)} for it to finish`,
    untilMs,
    flip: "the task ends, or the wait is over",
  };
}

function busyWithFirst(state: State, target: Target, strategy: Strategy): number {
  const limits = { keep: strategy.knobs.maxWorkers ?? Number.MAX_SAFE_INTEGER, outside: strategy.knobs.trimOutside };
  const victim = planTrim(groupFactsOf(state, target.id), limits, state.nowMs)[0]?.victims[0];
  return victim === undefined ? 0 : busyWith(state, strategy, victim);
}

function askBudget(state: State, { holdsDown, action }: Candidate): Answer {
  if (holdsDown || restartsNobody(action) || state.globals.tokens >= 1) return null;
  const untilMs = nextTokenAtMs(state);
  return {
    reason: `the budget of ${plural(state.policy.budget.tokens, "heal")} is spent; the next is due in ${inWords(untilMs - state.nowMs)}`,
    untilMs,
    flip: "the budget refills",
  };
}

function askObserve(_state: State, { strategy, observeOnly }: Candidate): Answer {
  if (strategy.mode === "heal" && !observeOnly) return null;
  return { reason: "mode is observe: decided and recorded, not done", untilMs: null, flip: "set mode: heal" };
}
