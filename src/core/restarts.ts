import { endHeal } from "./heal-end.ts";
import { hasPair, healOf, type Containment, type Heal, type Phase } from "./control.ts";
import type { Life, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { sayCommander } from "./count-restarts.ts";
import { adoptLateStop } from "./late-stop.ts";
import { preOf } from "./subject.ts";
import { forgetOldProcess, startEpoch, withControl } from "./target.ts";
import { rowKey } from "./member-key.ts";
import { strategyOf, type Turn } from "./turn.ts";
import { isStoppedRow, type Incarnation, type WorkerRow } from "./worker-row.ts";

const EXITS_KEPT = { max: 64, ms: 3_600_000 };

interface Change {
  readonly strategy: Strategy;
  /** The process that lived before. */
  readonly life: Pick<Life, "startedWallMs" | "createdWallMs" | "restarts">;
  readonly row: WorkerRow;
}

/**
 * Compares the row with the process last seen alive. PM2's `created_at` moves on every commanded start or restart (API,
 * memory limit, watch, cron) and stands still when PM2 merely brings a crashed process back. It moves before the old
 * process has ended, so that a reading in between must not become the yardstick.
 */
export function noteRestart(turn: Turn, target: Target, change: { strategy: Strategy; before: WorkerRow; row: WorkerRow }): void {
  const { before, row, strategy } = change;
  const life = target.life ?? before;
  const isSame = row.startedWallMs === life.startedWallMs && row.pid === life.pid;
  if (isSame && row.status === before.status) return;
  const stops = isStoppedRow(row) && !isStoppedRow(before);
  if (isOursToExplain(turn.state, target) && !(stops && wasLeftByRoll(turn.state, target))) return;
  if (stops) {
    if (!adoptLateStop(turn, target, strategy)) stoppedBySomebody(turn, target);
    return;
  }
  if (row.pid === null || isSame) return; // between an exit and PM2's restart of it: the restart will count
  const commanded = row.createdWallMs !== life.createdWallMs || isStoppedRow(before);
  if (commanded) return restartedBySomebody(turn, target, { strategy, life, row });
  if (row.startedWallMs !== life.startedWallMs) crashed(turn, target, { strategy, life, row });
}

/** The same for a worker that is another process than before healer itself was restarted, or none any more. */
export function noteChangeWhileAway(
  turn: Turn,
  target: Target,
  found: { strategy: Strategy; row: WorkerRow; lastSeen: Incarnation | null },
): void {
  const { life } = target;
  const { row, strategy, lastSeen } = found;
  const { phase } = target.control;
  // A row that a failed start of ours left down is to be contained, not left; any other, and one that ran when its stop was put off
  // or that somebody has started since, we did not stop ourselves.
  const ranWhenLastSeen = life !== null && lastSeen !== null && lastSeen.pid !== null;
  const isContained = phase.name === "suspect" && !ranWhenLastSeen && isAbout(phase.contain, row);
  if (isStoppedRow(row) && !isContained && !isOursToExplain(turn.state, target)) {
    if (!adoptLateStop(turn, target, strategy)) stoppedBySomebody(turn, target);
    return;
  }
  if (life === null || row.pid === null || isOursToExplain(turn.state, target)) return;
  if (row.createdWallMs !== life.createdWallMs) restartedBySomebody(turn, target, { strategy, life, row });
  else if (row.startedWallMs !== life.startedWallMs) crashed(turn, target, { strategy, life, row });
}

function isAbout(contain: Containment | null, { createdWallMs }: WorkerRow): boolean {
  return contain !== null && (contain.createdWallMs === undefined || contain.createdWallMs === createdWallMs);
}

/** While an action of ours runs, on the worker or on its group for it, every change of the row is ours. */
export function isOursToExplain(state: State, target: Target): boolean {
  if (target.control.phase.name === "acting" || target.recoveringSinceMs !== null) return true;
  const group = state.targets.get(target.group);
  if (hasTakenOver(target, target.control.phase) || (group !== undefined && hasTakenOver(target, group.control.phase))) return true;
  if (group === undefined || (group.control.phase.name !== "acting" && group.recoveringSinceMs === null)) return false;
  const heal = healOf(group.control.phase);
  return heal?.roll?.current?.target === target.id || isBeingRemoved(heal, target);
}

/** A stop of ours whose end was not seen, and the heal of its group has gone on: nobody else would start it again. */
function wasLeftByRoll(state: State, { group, control: { phase, lateStop } }: Target): boolean {
  return phase.name !== "acting" && lateStop != null && state.targets.get(group)?.control.phase.name === "rolling";
}

/** What looks like another process is the replacement under the same number: the old row has gone, by whoever's hand. */
function hasTakenOver({ id, row }: Target, phase: Phase): boolean {
  const heal = healOf(phase);
  if (heal === null || !hasPair(phase)) return false;
  const isMeant = heal.roll === null || heal.roll.current?.target === id;
  return isMeant && row !== null && row.pmId !== preOf(heal)?.pmId;
}

/** A trim removes it: on its way out its row says `stopping`, then `stopped`. */
export function isBeingRemoved(heal: Heal | null, { life }: Target): boolean {
  return heal?.trim?.current != null && life !== null && heal.trim.current === rowKey(life);
}

/** An operator's stop is respected: nothing is due any more, the streak stays. */
function stoppedBySomebody(turn: Turn, target: Target): void {
  const { phase } = target.control;
  if (phase.name === "held" || phase.name === "open" || hasPair(phase)) return;
  target.said.hold = null;
  if (healOf(phase) !== null)
    return endHeal(turn, target, { verdict: "aborted", reason: "stopped by an operator or by PM2 before the verdict" });
  if (phase.name !== "healthy") withControl(target, { phase: { name: "healthy" } });
}

/** Rows 24, 24a, 24c: a person, a deploy or PM2 itself restarted it. */
function restartedBySomebody(turn: Turn, target: Target, change: Change): void {
  const { phase } = target.control;
  sayCommander(turn, target, change.row);
  target.exits = [];
  target.othersStartAtMs = turn.state.nowMs;
  startEpoch(turn.state, target, change.strategy, "other");
  target.view.readyAtMs = null; // and counts from the new process once it is ready
  turn.startedByOthers.add(target.group);
  if (hasPair(phase)) return; // its replacement has to go first
  if (healOf(phase) !== null)
    endHeal(turn, target, { verdict: "aborted", reason: "superseded: somebody else restarted it before the verdict" });
  const after = target.control.phase;
  const nowMs = turn.state.nowMs;
  withControl(target, { phase: after.name === "open" ? { ...after, restartedAtMs: nowMs } : { name: "settling", sinceMs: nowMs } });
}

/** Once no process is left that a group's figures speak of, they speak of nobody. Asked when the whole list has been taken in. */
export function forgetGroupsStartedAnew(turn: Turn): void {
  const { state } = turn;
  for (const id of turn.startedByOthers) {
    const group = state.targets.get(id);
    if (group === undefined) continue;
    const members = (state.groups.get(id)?.members ?? []).map((member) => state.targets.get(member));
    if (members.some((member) => member?.row?.pid != null && member.epoch.atMs <= group.epoch.atMs)) continue;
    if (group.control.phase.name === "verifying")
      endHeal(turn, group, { verdict: "aborted", reason: "superseded: somebody else restarted all its workers before the verdict" });
    startEpoch(state, group, strategyOf(state, group), "other");
  }
}

/** Row 24b: nobody commanded it. Counts toward a crash loop; the state of the machine stays. */
function crashed(turn: Turn, target: Target, change: Change): void {
  const { life, row } = change;
  const { nowMs } = turn.state;
  const exits = Math.max(1, row.restarts - life.restarts);
  for (let exit = 0; exit < Math.min(exits, EXITS_KEPT.max); exit++) target.exits.push(nowMs);
  target.exits = target.exits.filter((atMs) => nowMs - atMs <= EXITS_KEPT.ms).slice(-EXITS_KEPT.max);
  target.view.exits = target.exits;
  const livedMs = life.startedWallMs === null || row.startedWallMs === null ? null : row.startedWallMs - life.startedWallMs;
  if (livedMs !== null) target.view.lastLifeMs = exits === 1 ? livedMs : Math.round(livedMs / exits);
  forgetOldProcess(turn.state, target, change.strategy);
}
