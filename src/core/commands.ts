import type { Pause } from "./control.ts";
import type { Command } from "./event.ts";
import { GUARDS, whyHold } from "./guards.ts";
import type { Candidate } from "./guards.ts";
import { closeCircuit } from "./heal-end.ts";
import { startHeal } from "./heal-start.ts";
import { closeIncident } from "./incident.ts";
import type { TargetId } from "./observation.ts";
import { resolveTarget } from "./resolve-target.ts";
import type { State, Target } from "./state.ts";
import { startEpoch, withControl } from "./target.ts";
import { rungOf } from "./tick.ts";
import { journal, say, sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

const NEVER_FORCED = ["self", "journal", "pm2"]; // and `incarnation`, which is not asked but checked before acting

interface Asked {
  readonly id: number;
  readonly by: string;
}

/** What a person asks for, through the same guards and onto the same record as healer's own decisions. */
export function onCommand(turn: Turn, event: Asked & { command: Command }): void {
  const { command } = event;
  switch (command.name) {
    case "heal":
      return withTarget(turn, event, command.target, (target) => healByHand(turn, target, event, command));
    case "reset":
      return withTarget(turn, event, command.target, (target) => reset(turn, target, event));
    case "pause":
      if (command.target === null) return pauseAll(turn, event, command);
      return withTarget(turn, event, command.target, (target) => pause(turn, target, event, command));
    case "resume":
      if (command.target === null) return resumeAll(turn, event);
      return withTarget(turn, event, command.target, (target) => resume(turn, target, event));
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
  const forbidden = command.force.find((name) => NEVER_FORCED.includes(name) || name === "incarnation");
  if (forbidden !== undefined) return reply(turn, asked, { code: 4, text: `the guard "${forbidden}" is never overridden` });
  const unknown = command.force.find((name) => !GUARDS.some((guard) => guard.name === name));
  if (unknown !== undefined)
    return reply(turn, asked, { code: 2, text: `no guard "${unknown}"; guards: ${GUARDS.map((guard) => guard.name).join(", ")}` });
  const strategy = strategyOf(turn.state, target);
  const action = command.action ?? rungOf(strategy, target.control.failedHeals);
  const candidate: Candidate = { target, strategy, rule: null, action, actsInGrace: false, observeOnly: false, holdsDown: false };
  const hold = whyHold(turn.state, candidate, command.force);
  if (hold !== null) {
    return reply(turn, asked, { code: 4, text: `not done: ${hold.reason} (guard: ${hold.guard}; to override: --force ${hold.guard})` });
  }
  const heal = startHeal(turn, candidate, { by: asked.by, trial: false });
  reply(turn, asked, { code: 0, text: `${action} of ${target.id} begins`, healId: heal.id });
}

/** Row 22. A row held down by us is started at once. */
function reset(turn: Turn, target: Target, asked: Asked): void {
  const { state } = turn;
  const group = state.groups.get(target.id);
  const hadIncident = group?.incident ?? null;
  if (group !== undefined && hadIncident !== null) closeIncident(turn, group, hadIncident, `closed by ${asked.by}`);
  const { phase } = target.control;
  const idle = target.control.failedHeals === 0 && phase.name !== "open" && phase.name !== "backoff" && phase.name !== "held";
  if (idle && hadIncident === null)
    return reply(turn, asked, { code: 0, text: `${target.id}: no open circuit and no failed heals; nothing to reset` });
  say(turn, target, {
    level: "info",
    event: "reset",
    reason: `streak and circuit reset by ${asked.by}`,
    more: { by: asked.by, streak: target.control.failedHeals },
  });
  const heldBy = phase.name === "open" ? phase.heal : phase.name === "held" ? phase.heal : null;
  if (phase.name === "open") closeCircuit(turn, target, `closed by ${asked.by}`, "reset");
  withControl(target, { failedHeals: 0, opens: 0, unproven: false, healsAtMs: [] });
  if (heldBy !== null) withControl(target, { phase: { name: "held", heal: { ...heldBy, trial: false }, resumeAtMs: state.nowMs } });
  else if (phase.name === "backoff") withControl(target, { phase: { name: "healthy" } });
  target.said.hold = null;
  journal(turn, target, { kind: "control", healId: null, note: { reset: true, by: asked.by } });
  const then = heldBy === null ? "it is watched as before" : "it is started now";
  reply(turn, asked, { code: 0, text: `${target.id}: reset, ${then}` });
}

function pause(turn: Turn, target: Target, asked: Asked, command: { forMs: number | null; reason: string }): void {
  const pausing = newPause(turn.state, asked, command);
  withControl(target, { paused: pausing });
  target.said.hold = null;
  say(turn, target, {
    level: "warn",
    event: "paused",
    reason: pauseLine(target.id, asked, command),
    more: { by: asked.by, for_ms: command.forMs },
  });
  journal(turn, target, { kind: "control", healId: null, note: { paused: true, by: asked.by, reason: command.reason } });
  reply(turn, asked, {
    code: 0,
    text: `${target.id} paused ${command.forMs === null ? "until resumed" : `for ${inWords(command.forMs)}`}`,
  });
}

function pauseAll(turn: Turn, asked: Asked, command: { forMs: number | null; reason: string }): void {
  turn.state.globals.paused = newPause(turn.state, asked, command);
  sayOf(turn, "healer", {
    level: "warn",
    event: "paused",
    reason: pauseLine("everything", asked, command),
    more: { by: asked.by, for_ms: command.forMs },
  });
  journalGlobals(turn, { paused: "all", by: asked.by });
  reply(turn, asked, { code: 0, text: `everything paused ${command.forMs === null ? "until resumed" : `for ${inWords(command.forMs)}`}` });
}

function newPause(state: State, asked: Asked, command: { forMs: number | null; reason: string }): Pause {
  return { untilMs: command.forMs === null ? null : state.nowMs + command.forMs, by: asked.by, reason: command.reason };
}

function pauseLine(what: TargetId, asked: Asked, command: { forMs: number | null; reason: string }): string {
  const reason = command.reason === "" ? "" : `: ${command.reason}`;
  return `${what} paused by ${asked.by} ${command.forMs === null ? "until resumed" : `for ${inWords(command.forMs)}`}${reason}`;
}

/** Resuming starts a grace period and a new epoch: what happened meanwhile is held against nobody. */
function resume(turn: Turn, target: Target, asked: Asked): void {
  const wasPaused = target.control.paused !== null;
  withControl(target, { paused: null });
  for (const member of target.kind === "group" ? membersAnd(turn.state, target) : [target]) beginAnew(turn, member);
  if (!wasPaused) return reply(turn, asked, { code: 0, text: `${target.id} was not paused` });
  say(turn, target, { level: "info", event: "resumed", reason: `resumed by ${asked.by}; a grace period begins`, more: { by: asked.by } });
  journal(turn, target, { kind: "control", healId: null, note: { resumed: true, by: asked.by } });
  reply(turn, asked, { code: 0, text: `${target.id} resumed; a grace period begins` });
}

function resumeAll(turn: Turn, asked: Asked): void {
  turn.state.globals.paused = null;
  for (const target of turn.state.targets.values()) {
    withControl(target, { paused: null });
    beginAnew(turn, target);
  }
  sayOf(turn, "healer", {
    level: "info",
    event: "resumed",
    reason: `everything resumed by ${asked.by}; a grace period begins`,
    more: { by: asked.by },
  });
  journalGlobals(turn, { resumed: "all", by: asked.by });
  reply(turn, asked, { code: 0, text: "everything resumed; a grace period begins" });
}

function membersAnd(state: State, target: Target): readonly Target[] {
  const members = (state.groups.get(target.id)?.members ?? []).map((id) => state.targets.get(id)).filter((member) => member !== undefined);
  return [target, ...members];
}

function beginAnew(turn: Turn, target: Target): void {
  withControl(target, { calmFromMs: turn.state.nowMs });
  startEpoch(turn.state, target, strategyOf(turn.state, target), "other");
  target.said.hold = null;
  target.said.wouldHeal = false;
}

/** Globals travel with every record; any target's will do, and with none there is nothing to protect. */
function journalGlobals(turn: Turn, note: { readonly [key: string]: string }): void {
  const any = turn.state.targets.values().next();
  if (any.done !== true) journal(turn, any.value, { kind: "control", healId: null, note });
}
