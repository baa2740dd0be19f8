import { healOf, isInFlight } from "./control.ts";
import type { Command } from "./event.ts";
import { whyHold, whyNotForced } from "./guards.ts";
import type { Candidate } from "./guards.ts";
import { endHeal, sayCircuitClosed } from "./heal-end.ts";
import { startHeal } from "./heal-start.ts";
import { closeIncident } from "./incident.ts";
import { pause, resume } from "./pauses.ts";
import { resolveTarget } from "./resolve-target.ts";
import type { State, Target } from "./state.ts";
import { forgetTasks, withControl } from "./target.ts";
import { rungOf } from "./tick.ts";
import { trimByHand } from "./trim-by-hand.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";

interface Asked {
  readonly id: number;
  readonly by: string;
}

/** What a person asks for, through the same guards and onto the same record as healer's own decisions. */
export function onCommand(turn: Turn, event: Asked & { command: Command }): void {
  const { command, by } = event;
  const done = (text: string): void => reply(turn, event, { code: 0, text });
  switch (command.name) {
    case "heal":
      return withTarget(turn, event, command.target, (target) => healByHand(turn, target, event, command));
    case "reset":
      return withTarget(turn, event, command.target, (target) => done(reset(turn, target, by)));
    case "pause": {
      const wish = { by, forMs: command.forMs, reason: command.reason };
      if (command.target === null) return done(pause(turn, null, wish));
      return withTarget(turn, event, command.target, (target) => done(pause(turn, target, wish)));
    }
    case "resume":
      if (command.target === null) return done(resume(turn, null, by));
      return withTarget(turn, event, command.target, (target) => done(resume(turn, target, by)));
    case "trim":
      return withTarget(turn, event, command.target, (target) => reply(turn, event, trimByHand(turn, target, { ...command, by })));
    default:
      command satisfies never;
  }
}

function withTarget(turn: Turn, asked: Asked, text: string, act: (target: Target) => void): void {
  const found = resolveTarget(turn.state, text);
  if (found.ok) act(found.value);
  else reply(turn, asked, { code: 2, text: found.error });
}

function reply(turn: Turn, asked: Asked, answer: { code: 0 | 2 | 4; text: string; healId?: string }): void {
  turn.effects.push({ type: "reply", id: asked.id, code: answer.code, text: answer.text, healId: answer.healId ?? null });
}

function healByHand(turn: Turn, target: Target, asked: Asked, command: { action: string | null; force: readonly string[] }): void {
  const refusal = whyNotForced(command.force);
  if (refusal !== null) return reply(turn, asked, refusal);
  if (command.action === "trim") return reply(turn, asked, { code: 2, text: `to trim: healer trim ${target.group} --keep N` });
  const strategy = strategyOf(turn.state, target);
  const action = command.action ?? rungOf(strategy, target.control.failedHeals);
  const candidate: Candidate = { target, strategy, rule: null, action, actsInGrace: false, observeOnly: false, holdsDown: false };
  const mayReplace = isOnlyWatched(turn.state, target);
  const skip = command.force.filter((name) => name !== "in-flight" || mayReplace);
  const hold = whyHold(turn.state, candidate, skip);
  if (hold !== null) {
    const how = hold.guard === "in-flight" && !mayReplace ? "not to be overridden" : `to override: --force ${hold.guard}`;
    return reply(turn, asked, { code: 4, text: `not done: ${hold.reason} (guard: ${hold.guard}; ${how})` });
  }
  if (target.control.phase.name === "open" && target.control.phase.heal !== null)
    return reply(turn, asked, { code: 4, text: `not done: healer has stopped it after a crash loop; healer reset ${target.id} starts it` });
  if (healOf(target.control.phase) !== null)
    endHeal(turn, target, { verdict: "aborted", reason: `superseded by a heal that ${asked.by} asked for` });
  const heal = startHeal(turn, candidate, { by: asked.by, trial: false });
  reply(turn, asked, { code: 0, text: `${action} of ${target.id} begins`, healId: heal.id });
}

/** A heal that is done and awaits its verdict may give way to a person's; one that is being done may not. */
function isOnlyWatched(state: State, target: Target): boolean {
  const group = state.targets.get(target.group);
  const groupIsBusy = group !== undefined && group !== target && isInFlight(group.control.phase);
  return target.control.phase.name === "verifying" && !groupIsBusy;
}

/** Row 22: for a group also its incident and its workers. */
function reset(turn: Turn, target: Target, by: string): string {
  const group = target.kind === "group" ? turn.state.groups.get(target.id) : undefined;
  const incident = group?.incident ?? null;
  if (group !== undefined && incident !== null) closeIncident(turn, group, incident, `closed by ${by}`);
  const members = (group?.members ?? []).map((id) => turn.state.targets.get(id)).filter((member) => member !== undefined);
  const done = [target, ...members].filter((each) => !hasNothingToReset(each));
  const started = done.map((each) => resetOne(turn, each, by)).some((isStarted) => isStarted);
  if (done.length === 0 && incident === null) return `${target.id}: no open circuit and no failed heals; nothing to reset`;
  return `${target.id}: reset, ${started ? "it is started now" : "it is watched as before"}`;
}

function hasNothingToReset({ control }: Target): boolean {
  const { phase, failedHeals, unproven } = control;
  return failedHeals === 0 && !unproven && phase.name !== "open" && phase.name !== "backoff" && phase.name !== "held";
}

/**
 * A row held down by us is started at once: then true. One record says all of it: between two, a crash would leave the row
 * down. Who resets has repaired something: the tasks that failed before are not held against the worker.
 */
function resetOne(turn: Turn, target: Target, by: string): boolean {
  const { phase, failedHeals } = target.control;
  say(turn, target, { level: "info", event: "reset", reason: `streak and circuit reset by ${by}`, more: { by, streak: failedHeals } });
  const heldBy = phase.name === "open" || phase.name === "held" ? phase.heal : null;
  if (phase.name === "open") sayCircuitClosed(turn, target, `closed by ${by}`, "reset");
  withControl(target, { failedHeals: 0, opens: 0, unproven: false, healsAtMs: [] });
  if (heldBy !== null) withControl(target, { phase: { name: "held", heal: { ...heldBy, trial: false }, resumeAtMs: turn.state.nowMs } });
  else if (phase.name === "backoff" || phase.name === "open") withControl(target, { phase: { name: "healthy" } });
  target.said.hold = null;
  if (!isInFlight(phase)) forgetTasks(turn.state, target, strategyOf(turn.state, target));
  journal(turn, target, { kind: "control", healId: heldBy?.id ?? null, note: { reset: true, by } });
  return heldBy !== null;
}
