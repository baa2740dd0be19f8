import { noteBoot } from "./boot.ts";
import { fileDependency, loseDependency } from "./dependency.ts";
import { fileCopies } from "./group-facts.ts";
import type { Observation } from "./observation.ts";
import { fileGpus, loseGpus } from "./gpu-trouble.ts";
import { fileHost, loseHost } from "./host.ts";
import { loseQueue, noteQueue } from "./queue-facts.ts";
import type { State, Target } from "./state.ts";
import { filePoison } from "./poison.ts";
import { rulesFor } from "./target.ts";
import { addTasks, createTaskWindows } from "./task-windows.ts";
import { sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

const BLIND_ESCALATES_AFTER_MS = 300_000;

/** Files one observation: in the windows of its target, in the queue's facts, and with every rule of the target. */
export function fileObservation(turn: Turn, observation: Observation): void {
  switch (observation.kind) {
    case "copies":
      return fileCopies(turn.state, observation);
    case "queue":
      return fileQueue(turn, observation);
    case "poison":
      return filePoison(turn, observation);
    case "dependency":
      return fileDependency(turn, observation);
    case "host":
      return fileHost(turn, observation);
    case "gpus":
      return fileGpus(turn, observation);
    case "blind":
      return goBlind(turn, observation);
    case "sight":
      return seeAgain(turn, observation);
    default: // a kind that does not speak of one target does not compile here
      return fileForTarget(turn, observation);
  }
}

function fileForTarget(
  turn: Turn,
  observation: Exclude<Observation, { kind: "queue" | "poison" | "copies" | "dependency" | "host" | "gpus" | "blind" | "sight" }>,
): void {
  const target = turn.state.targets.get(observation.target);
  if (target === undefined || observation.atMs < target.epoch.atMs) return; // gone, or evidence of another life (I16)
  if (observation.kind === "running") target.runningTasks = observation.tasks;
  noteBoot(turn.state, target, observation);
  if (observation.kind === "tasks") countTasks(turn.state, target, observation);
  tellRules(turn, target, observation);
}

/** How much waits is nobody's own: the rules of every group that works through the queue hear of it, those of a worker do not. */
function fileQueue(turn: Turn, reading: Extract<Observation, { kind: "queue" }>): void {
  const { state } = turn;
  noteQueue(state, reading);
  for (const id of state.groups.keys()) {
    const target = state.targets.get(id);
    if (target === undefined || reading.atMs < target.epoch.atMs) continue;
    if (strategyOf(state, target).queues.includes(reading.queue)) tellRules(turn, target, reading);
  }
}

function tellRules(turn: Turn, target: Target, observation: Observation): void {
  const rules = rulesFor(strategyOf(turn.state, target), target.kind);
  target.view.nowMs = turn.state.nowMs;
  for (let index = 0; index < rules.length; index++) {
    const ruleState = target.rules[index];
    if (ruleState !== undefined) rules[index]?.observe(ruleState.memory, observation, target.view);
  }
}

/** The windows show every task; what counts as evidence since a heal is the rule's own account. */
function countTasks(state: State, target: Target, tasks: { atMs: number; ok: number; failed: number }): void {
  target.tasks ??= createTaskWindows(state.nowMs);
  target.view.tasks = target.tasks;
  addTasks(target.tasks, Math.min(tasks.atMs, state.nowMs), tasks);
}

function goBlind(turn: Turn, blind: Extract<Observation, { kind: "blind" }>): void {
  const { state } = turn;
  const key = blindKey(blind);
  const before = state.blind.get(key);
  const sinceMs = before?.sinceMs ?? blind.atMs;
  const escalated = before?.escalated === true || tellLongBlindness(turn, blind, sinceMs);
  state.blind.set(key, { sinceMs, reason: blind.reason, target: blind.target, escalated });
  // A queue that could not be read has a hole in it: what was pending before says nothing of now.
  if (blind.sensor.startsWith("queue:") && blind.target === null) loseQueue(state, blind.sensor.slice("queue:".length));
  if (blind.sensor.startsWith("dependency:")) loseDependency(state, blind.sensor.slice("dependency:".length));
  if (blind.sensor === "gpus") loseGpus(state);
  if (blind.sensor === "host") loseHost(state);
  if (before !== undefined) return;
  sayOf(turn, blind.target ?? blind.sensor, {
    level: "warn",
    event: "sensor_blind",
    reason: `${blind.sensor} cannot see: ${blind.reason}; nothing is concluded from that`,
    more: { sensor: blind.sensor },
  });
}

/** One key per sensor and target: a probe may be blind for one worker and see the others. */
function blindKey(blind: { sensor: string; target: string | null }): string {
  return blind.target === null ? blind.sensor : `${blind.sensor} ${blind.target}`;
}

function tellLongBlindness(turn: Turn, blind: Extract<Observation, { kind: "blind" }>, sinceMs: number): boolean {
  const forMs = turn.state.nowMs - sinceMs;
  if (forMs < BLIND_ESCALATES_AFTER_MS) return false;
  sayOf(turn, blind.target ?? blind.sensor, {
    level: "error",
    event: "alert",
    reason: `${blind.sensor} has been blind for ${inWords(forMs)} (${blind.reason}): what it watches is not being healed`,
    more: { sensor: blind.sensor },
  });
  return true;
}

function seeAgain(turn: Turn, sight: Extract<Observation, { kind: "sight" }>): void {
  const before = turn.state.blind.get(blindKey(sight));
  if (before === undefined) return;
  turn.state.blind.delete(blindKey(sight));
  const blindMs = turn.state.nowMs - before.sinceMs;
  sayOf(turn, sight.target ?? sight.sensor, {
    level: "info",
    event: "sensor_back",
    reason: `${sight.sensor} sees again after ${inWords(blindMs)}`,
    more: { sensor: sight.sensor, blind_ms: Math.round(blindMs) },
  });
}
