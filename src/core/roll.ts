import { firstStepOf, type Heal, type PreImage, type Roll } from "./control.ts";
import { endHeal } from "./heal-end.ts";
import { membersOf } from "./members.ts";
import type { TargetId } from "./observation.ts";
import { beginReplace } from "./replace-plan.ts";
import type { State, Target } from "./state.ts";
import { startEpoch, withControl } from "./target.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";
import { incarnationOf } from "./worker-row.ts";
import type { WorkerRow } from "./worker-row.ts";

const ONLINE_BEFORE_NEXT_MS = 10_000; // the last one must have been online for so long before the next goes down
const WAIT_FOR_ONLINE_MAX_MS = 120_000;

/** A group heal (decision-core §4.5): one id, token and verdict; the members one after another. */
export function beginRoll(state: State, target: Target): Roll {
  const group = state.groups.get(target.id);
  const running = group === undefined ? [] : membersOf(state, group).filter((member) => member.row?.status === "online");
  return advance(state, { waiting: running.map((member) => member.id), current: null, done: [] });
}

/** Moves the next member that still runs into `current`. */
function advance(state: State, roll: Roll): Roll {
  const done = roll.current === null ? roll.done : [...roll.done, roll.current.target];
  const [next, ...waiting] = roll.waiting;
  if (next === undefined) return { waiting: [], current: null, done };
  const row = state.targets.get(next)?.row ?? null;
  if (row === null || row.status !== "online" || state.pm2.name !== "up") return advance(state, { waiting, current: null, done });
  return { waiting, current: { target: next, pre: preImage(row, state.pm2.generation) }, done };
}

export function preImage(row: WorkerRow, generation: string): PreImage {
  return { ...incarnationOf(row, generation), status: row.status, createdWallMs: row.createdWallMs, restarts: row.restarts };
}

/** One member is done: its grace begins, and the next one's turn comes when it has been online for a while. */
export function memberDone(turn: Turn, target: Target, heal: Heal): void {
  const member = heal.roll?.current === null || heal.roll === null ? undefined : turn.state.targets.get(heal.roll.current.target);
  if (member !== undefined) startEpoch(turn.state, member, strategyOf(turn.state, member), "our-action");
  withControl(target, { phase: { name: "rolling", heal, sinceMs: turn.state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, note: { done: heal.roll?.current?.target ?? null } });
}

/** A member changed before its turn came (a person, a crash): it is left alone and the roll goes on. */
export function skipMember(turn: Turn, target: Target, heal: Heal, why: string): void {
  const member = heal.roll?.current?.target ?? "a member";
  say(turn, target, {
    level: "info",
    event: "heal_action",
    reason: `${member} left out: ${why}`,
    heal_id: heal.id,
    more: { ok: false, took_ms: 0, error: why },
  });
  const left: Heal = heal.roll === null ? heal : { ...heal, roll: { ...heal.roll, current: null }, replace: null };
  withControl(target, { phase: { name: "rolling", heal: left, sinceMs: turn.state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, note: { left_out: member } });
}

/** Asked each turn while rolling: the next member, or the watch over the whole group begins. */
export function tickRoll(turn: Turn, target: Target, phase: { heal: Heal; sinceMs: number }): void {
  const { state } = turn;
  const { roll } = phase.heal;
  if (roll === null) return endHeal(turn, target, { verdict: "aborted", reason: "the group heal lost its list of members" });
  if (state.pm2.name !== "up") return;
  if (roll.current !== null && roll.current.pre.generation !== state.pm2.generation)
    return endHeal(turn, target, { verdict: "aborted", reason: "PM2 was replaced by a new daemon before all its workers were done" });
  if (!isLastOneUp(state, roll.current?.target ?? null, phase.sinceMs)) {
    // Whoever does not come back must not take the others down with it.
    if (state.nowMs - phase.sinceMs >= WAIT_FOR_ONLINE_MAX_MS) stopRoll(turn, target, phase.heal, roll);
    return;
  }
  const next = advance(state, roll);
  const heal: Heal = { ...phase.heal, roll: next, replace: phase.heal.action === "replace" ? beginReplace(state) : null };
  if (next.current === null) return watchGroup(turn, target, { ...heal, replace: null });
  withControl(target, { phase: { name: "intent", heal, step: firstStepOf(heal), sinceMs: state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, ack: true, note: { next: next.current.target } });
}

function isLastOneUp(state: State, id: TargetId | null, sinceMs: number): boolean {
  if (id === null) return true;
  const readyAtMs = state.targets.get(id)?.view.readyAtMs ?? null;
  return readyAtMs !== null && state.nowMs - Math.max(readyAtMs, sinceMs) >= ONLINE_BEFORE_NEXT_MS;
}

function stopRoll(turn: Turn, target: Target, heal: Heal, roll: Roll): void {
  const reason = `${roll.current?.target ?? "a worker"} is not online ${inWords(WAIT_FOR_ONLINE_MAX_MS)} after its restart; the other ${roll.waiting.length} are left as they are`;
  say(turn, target, { level: "error", event: "heal_action", reason, heal_id: heal.id, more: { ok: false, took_ms: null, error: reason } });
  watchGroup(turn, target, { ...heal, roll: { ...roll, waiting: [] } });
}

/** Epoch and grace of the group start at the last step. */
function watchGroup(turn: Turn, target: Target, heal: Heal): void {
  startEpoch(turn.state, target, strategyOf(turn.state, target), "our-action");
  withControl(target, { phase: { name: "verifying", heal, sinceMs: turn.state.nowMs, error: null } });
  journal(turn, target, { kind: "step", healId: heal.id, note: { done: "all" } });
}
