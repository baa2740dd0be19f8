import { healOf, type Phase } from "./control.ts";
import { tellUnsaid } from "./exit-lines.ts";
import { leaveAloneAtFirst } from "./first-heal.ts";
import { endHeal } from "./heal-end.ts";
import { isHeldDown } from "./held-row.ts";
import type { TargetId } from "./observation.ts";
import { restoreTarget } from "./persist.ts";
import { isBeingRemoved } from "./restarts.ts";
import { heirOf } from "./moved-up.ts";
import { actsOf } from "./standing.ts";
import type { Group, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { newTarget } from "./target.ts";
import { say, type Turn } from "./turn.ts";

const ABSENT_KEPT_MS = 24 * 3_600_000; // a streak or an open circuit outlives `pm2 delete` and `pm2 resurrect` by a day
const GONE = "gone from PM2's list (deleted or renamed)";
const ABSENT_MAX = 1_000;
const HEALTHY: Phase = { name: "healthy" };

export function beginGroup(turn: Turn, id: TargetId, strategy: Strategy): Group {
  const known = turn.state.groups.get(id);
  if (known !== undefined) return known;
  const group: Group = { id, members: [], incident: turn.state.absentIncidents.get(id) ?? null };
  turn.state.absentIncidents.delete(id);
  turn.state.groups.set(id, group);
  meetTarget(turn, { id, kind: "group", group: id, strategy });
  return group;
}

/** A target seen for the first time, or again: what the journal knows of it is laid back in. */
export function meetTarget(turn: Turn, options: { id: TargetId; kind: "worker" | "group"; group: TargetId; strategy: Strategy }): Target {
  const { state } = turn;
  const target = newTarget(state, options);
  state.targets.set(options.id, target);
  if (options.kind === "worker") state.groups.get(options.group)?.members.push(options.id);
  const absent = state.absent.get(options.id);
  if (absent !== undefined) {
    state.absent.delete(options.id);
    restoreTarget(state, target, options.strategy, absent);
  } else if (options.kind === "worker") {
    say(turn, target, {
      level: "info",
      event: "target_new",
      reason: `watched by strategy "${options.strategy.name}", mode ${actsOf(state, options.strategy)}`,
    });
  }
  leaveAloneAtFirst(state, target, options.strategy);
  return target;
}

/** Row 23: gone from PM2's list, or no longer selected. Its heal is closed as superseded; its streak is kept in case it comes back. */
export function dropTarget(turn: Turn, target: Target, why = GONE): void {
  const { state } = turn;
  const isTrimmed = why === GONE && isBeingRemoved(healOf(state.targets.get(target.group)?.control.phase ?? HEALTHY), target);
  const left = why === GONE ? "" : whatIsLeft(target);
  const heir = why === GONE ? heirOf(state, target) : null;
  if (healOf(target.control.phase) !== null) endHeal(turn, target, { verdict: "aborted", reason: `${why} before the verdict` });
  tellUnsaid(turn, target);
  state.targets.delete(target.id);
  const group = state.groups.get(target.group);
  if (group !== undefined) group.members = group.members.filter((member) => member !== target.id);
  if (target.kind === "group") {
    if (group !== undefined && group.incident !== null) state.absentIncidents.set(target.id, group.incident);
    state.groups.delete(target.id);
  } else
    say(turn, target, {
      level: left === "" ? "info" : "warn",
      event: "target_gone",
      reason: heir !== null ? `called ${heir.id} from now on${left}` : isTrimmed ? "trimmed by healer" : `${why}${left}`,
    });
  if (heir === null) keepAbsent(state, target);
}

/** Heals of workers that vanished while healer was away: nobody will ever give a verdict on them. */
export function endAbsentHeals(turn: Turn): void {
  const { state } = turn;
  for (const [id, absent] of state.absent) {
    const { phase } = absent.control;
    const heal = healOf(phase);
    if (heal === null) continue;
    const [strategy] = state.policy.strategies;
    if (strategy === undefined) return;
    const gone = newTarget(state, { id, kind: heal.roll === null ? "worker" : "group", group: id, strategy });
    gone.control = absent.control;
    gone.recoveringSinceMs = state.nowMs; // nobody knows whether it was carried out
    endHeal(turn, gone, { verdict: "aborted", reason: `${GONE} while healer was away` });
    state.absent.set(id, { ...absent, control: gone.control });
  }
}

function keepAbsent(state: State, target: Target): void {
  for (const [id, absent] of state.absent) if (state.nowMs - absent.sinceMs > ABSENT_KEPT_MS) state.absent.delete(id);
  const oldest = state.absent.keys().next();
  if (state.absent.size >= ABSENT_MAX && oldest.done !== true) state.absent.delete(oldest.value);
  state.absent.set(target.id, {
    control: target.control,
    sinceMs: state.nowMs,
    ledger: target.kind === "worker" ? target.ledger : null,
    saved: null,
  });
}

/** What healer would have finished, and now a person has to. */
function whatIsLeft(target: Target): string {
  const { row, successor } = target;
  if (successor !== null)
    return `. healer was replacing it, two of it run: pm_id ${row?.pmId ?? ""} and ${successor.row.pmId}; to end the new one: pm2 delete ${successor.row.pmId}`;
  return isHeldDown(target) ? `. healer had stopped it; to start it: pm2 start ${row?.pmId ?? ""}` : "";
}
