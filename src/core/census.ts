import { healOf, isInFlight, type Phase } from "./control.ts";
import { endHeal } from "./heal-end.ts";
import { parkReplace } from "./replace.ts";
import { followSuccessor, mayHavePair, successorsIn } from "./successor.ts";
import { startEpoch } from "./target.ts";
import { beginGroup, dropTarget, endAbsentHeals, meetTarget } from "./arrivals.ts";
import { countRestarts } from "./count-restarts.ts";
import { forgetHeard, noteListed } from "./hearing.ts";
import type { Pm2View, TargetId } from "./observation.ts";
import { moveUp, whoHadRow, whoHadRowWhileAway } from "./moved-up.ts";
import { assignStrategy, groupIdOf, targetIdsOf } from "./select.ts";
import { forgetGroupsStartedAnew, isOursToExplain, noteChangeWhileAway, noteRestart } from "./restarts.ts";
import type { Life, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { sayOf, type Turn } from "./turn.ts";
import { incarnationOf, sameIncarnation } from "./worker-row.ts";
import type { Incarnation, WorkerRow } from "./worker-row.ts";

/**
 * Takes in one reading of PM2: who is there, who is new, gone, or was restarted, and by whom. The list is the truth;
 * nothing else changes a target's row.
 */
export function takeCensus(turn: Turn, pm2: Pm2View | string): void {
  if (typeof pm2 === "string") loseSightOfPm2(turn, pm2);
  else {
    seePm2(turn, pm2);
    const present = new Set<TargetId>();
    const rows = pm2.rows.filter((row) => !isUntouchable(turn.state, row));
    const successors = successorsIn(turn.state, rows, pm2.generation);
    const aside = new Set(successors.values());
    for (const [row, id] of targetIdsOf(rows.filter((row) => !aside.has(row)))) {
      countRow(turn, { row, id, pm2, present, successor: successors.get(id) ?? null });
    }
    for (const target of [...turn.state.targets.values()]) if (!present.has(target.id)) dropTarget(turn, target);
    endAbsentHeals(turn);
    forgetGroupsStartedAnew(turn);
    noteListed(turn.state.hearing, pm2.rows, turn.state.nowMs);
  }
}

/** healer itself, its ancestors, PM2's modules: not targets whatever the configuration says. */
function isUntouchable(state: State, row: WorkerRow): boolean {
  return row.isModule || (row.pid !== null && state.self.pids.includes(row.pid));
}

function countRow(
  turn: Turn,
  found: { row: WorkerRow; id: TargetId; pm2: Pm2View; present: Set<TargetId>; successor: WorkerRow | null },
): void {
  const strategy = assignStrategy(turn.state.policy, found.row);
  if (strategy === null) return;
  if ("conflict" in strategy) return tellConflict(turn, found.id, strategy.conflict);
  const groupId = groupIdOf(found.row);
  beginGroup(turn, groupId, strategy);
  found.present.add(groupId).add(found.id);
  const target = turn.state.targets.get(found.id) ?? meetTarget(turn, { id: found.id, kind: "worker", group: groupId, strategy });
  followSuccessor(turn.state, target, found.successor);
  updateRow(turn, target, strategy, found.row, found.pm2);
}

function updateRow(turn: Turn, target: Target, strategy: Strategy, row: WorkerRow, pm2: Pm2View): void {
  const before = target.row;
  const beforeIncarnation = target.incarnation;
  const from = whoHadRow(turn.state, target, row);
  target.row = row;
  target.incarnation = asBefore(beforeIncarnation, incarnationOf(row, pm2.generation));
  const isOurs = isOursToExplain(turn.state, target);
  countRestarts(turn, target, { row, generation: pm2.generation, isOurs, memoryBytes: before?.memoryBytes ?? null });
  if (before === null || beforeIncarnation === null) firstSight(turn, target, row, strategy);
  else {
    if (beforeIncarnation.generation !== pm2.generation) newDaemon(turn, target, { strategy, row });
    else if (from !== null) moveUp(turn, target, { strategy, from, beforePmId: before.pmId, row });
    else noteRestart(turn, target, { strategy, before, row });
    if (before.status !== row.status) target.view.statusSinceMs = turn.state.nowMs;
    if (from === null) followReadiness(turn.state, target, before, row);
    else keepAge(turn.state, target, from, row);
  }
  if (row.pid !== null && row.status !== "stopping") target.life = lifeAfter(target.life, target.incarnation, row);
}

/** The object of before where nothing has changed: a thousand that live on for every list would be dear. */
function asBefore(before: Incarnation | null, now: Incarnation): Incarnation {
  return before !== null && sameIncarnation(before, now) ? before : now;
}

function lifeAfter(life: Life | null, incarnation: Incarnation, row: WorkerRow): Life {
  const { createdWallMs, restarts } = row;
  const isSame = life !== null && life.createdWallMs === createdWallMs && life.restarts === restarts && sameIncarnation(life, incarnation);
  return isSame ? life : { ...incarnation, createdWallMs, restarts };
}

/** Evidence restored from before healer's own restart is kept only if the process it speaks of still lives. */
function firstSight(turn: Turn, target: Target, row: WorkerRow, strategy: Strategy): void {
  const { state } = turn;
  const { remembered, incarnation } = target;
  target.remembered = null;
  if (remembered !== null && incarnation !== null) {
    if (sameIncarnation(remembered, incarnation) && target.view.startedAtMs !== null) return seeAgain(target, row);
    const from = whoHadRowWhileAway(state, target, { strategy, remembered });
    if (from !== null) {
      moveUp(turn, target, { strategy, from, beforePmId: remembered.pmId, row });
      return keepAge(state, target, from, row);
    }
    startEpoch(state, target, strategy, "other");
    if (remembered.generation !== incarnation.generation) return newDaemon(turn, target, { strategy, row });
  }
  if (target.life === null && target.control.lastHeal === null) target.othersStartAtMs = startedAtMs(state, row);
  noteChangeWhileAway(turn, target, { strategy, row, lastSeen: remembered });
  target.view.statusSinceMs = state.nowMs;
  target.view.startedAtMs = startedAtMs(state, row);
  target.view.readyAtMs = isReady(row) ? target.view.startedAtMs : null;
}

/** It may have become ready while healer was away. */
function seeAgain({ view }: Target, row: WorkerRow): void {
  view.readyAtMs = isReady(row) ? (view.readyAtMs ?? view.startedAtMs) : null;
}

/** The process that moved up is as old as it was: a wall clock that was set meanwhile makes nobody younger. */
function keepAge(state: State, target: Target, from: Target, row: WorkerRow): void {
  const { view, incarnation } = target;
  const lives = from.incarnation !== null && incarnation !== null && sameIncarnation(from.incarnation, incarnation);
  view.startedAtMs = (lives ? from.view.startedAtMs : null) ?? startedAtMs(state, row);
  view.readyAtMs = lives ? from.view.readyAtMs : null;
  seeAgain(target, row);
}

/** A new PM2 daemon: same names perhaps, but nothing of what was planned for the old one may happen. */
function newDaemon(turn: Turn, target: Target, found: { strategy: Strategy; row: WorkerRow }): void {
  endForNewDaemon(turn, target);
  turn.startedByOthers.add(target.group);
  startEpoch(turn.state, target, found.strategy, "other");
  target.exits = [];
  target.life = null;
  target.view.statusSinceMs = turn.state.nowMs;
  target.view.startedAtMs = startedAtMs(turn.state, found.row);
  target.view.readyAtMs = isReady(found.row) ? target.view.startedAtMs : null;
}

/** Of a replace it may have brought back both: one of them is to go first. Of a healer that died nobody knows how far it had got. */
function endForNewDaemon(turn: Turn, target: Target): void {
  const { phase } = target.control;
  if (mayHavePair(target)) parkReplace(turn, target);
  else if (isInFlight(phase) && !isOfThisDaemon(turn.state, phase)) endHeal(turn, target, { verdict: "aborted", reason: REPLACED });
}

/** What is remembered of a process may be older than the heal: one that was planned for this very daemon goes on. */
function isOfThisDaemon({ pm2 }: State, phase: Phase): boolean {
  return pm2.name === "up" && healOf(phase)?.pre?.generation === pm2.generation;
}

const REPLACED = "PM2 was replaced by a new daemon before the verdict";

/**
 * Ready = PM2 says online, counted from the process's start unless we watched it launch for a while first. Stamped once a
 * process: a wall clock that is set later moves nobody's grace period.
 */
function followReadiness(state: State, target: Target, before: WorkerRow, row: WorkerRow): void {
  const isSameStart = before.startedWallMs === row.startedWallMs;
  if (!isSameStart) target.view.startedAtMs = startedAtMs(state, row);
  if (!isReady(row)) target.view.readyAtMs = null;
  else if (!isSameStart || before.pid !== row.pid || target.view.readyAtMs === null) {
    const watchedItLaunch = before.status === "launching" && before.pid === row.pid;
    target.view.readyAtMs = watchedItLaunch ? state.nowMs : target.view.startedAtMs;
  }
}

function isReady(row: WorkerRow): boolean {
  return row.status === "online" && row.pid !== null;
}

/** PM2 stamps starts with the wall clock; the difference to the wall clock now is all that is used of it. */
export function startedAtMs(state: State, row: WorkerRow): number | null {
  return row.startedWallMs === null ? null : state.nowMs - Math.max(0, state.wallMs - row.startedWallMs);
}

function seePm2(turn: Turn, pm2: Pm2View): void {
  const { state } = turn;
  const before = state.pm2;
  if (before.name === "up" && before.generation === pm2.generation) return;
  state.pm2 = { name: "up", generation: pm2.generation, version: pm2.version, sinceMs: state.nowMs };
  const known = before.name === "unknown" ? null : before.generation;
  if (before.name === "unknown") return;
  const replaced = known !== null && known !== pm2.generation;
  if (replaced) {
    endGroupHeals(turn);
    forgetHeard(state.hearing, state.nowMs);
    state.hearing.speaks = false;
  }
  const reason = replaced
    ? `PM2 was replaced by a new daemon (version ${pm2.version}, ${pm2.rows.length} processes); nothing planned for the old one will be done`
    : `PM2 answers again (version ${pm2.version}, ${pm2.rows.length} processes)`;
  sayOf(turn, "healer", { level: "info", event: "pm2_back", reason, more: { replaced } });
}

/** A rolling heal was planned for the old daemon's processes; each of them is a new one now. */
function endGroupHeals(turn: Turn): void {
  for (const target of turn.state.targets.values()) {
    if (target.kind === "group") endForNewDaemon(turn, target);
  }
}

function loseSightOfPm2(turn: Turn, reason: string): void {
  const { state } = turn;
  if (state.pm2.name === "lost") {
    if (state.pm2.reason !== reason) state.pm2 = { ...state.pm2, reason };
    return;
  }
  const generation = state.pm2.name === "up" ? state.pm2.generation : null;
  state.pm2 = { name: "lost", reason, sinceMs: state.nowMs, generation };
  sayOf(turn, "healer", { level: "error", event: "pm2_lost", reason: `${reason}; nothing will be healed until it answers` });
}

function tellConflict(turn: Turn, id: TargetId, names: readonly [string, string]): void {
  if (turn.state.conflicts.has(id)) return;
  turn.state.conflicts.add(id);
  const reason = `selected by two strategies, "${names[0]}" and "${names[1]}"; left alone until only one selects it`;
  sayOf(turn, id, { level: "error", event: "alert", reason });
}
