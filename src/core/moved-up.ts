import { healOf } from "./control.ts";
import { endHeal } from "./heal-end.ts";
import { isHeldDown } from "./held-row.ts";
import { holdFromNowOn } from "./late-stop.ts";
import { isBeingRemoved } from "./restarts.ts";
import { incarnationIn, restoreTarget } from "./persist.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { newTarget, startEpoch, withControl } from "./target.ts";
import { say, type Turn } from "./turn.ts";
import type { Incarnation, WorkerRow } from "./worker-row.ts";

/**
 * Rows that share a number are `app:0`, `app:0~1` … in order of pm_id: when the first has gone the second moves up. That is
 * another row under the id, not a restart by somebody. Answers who had the row until now, or null.
 */
export function whoHadRow(state: State, target: Target, row: WorkerRow): Target | null {
  return target.incarnation === null || target.incarnation.pmId === row.pmId ? null : hasRow(state, target, row.pmId);
}

/** The same where it moved up while healer was away, and healer remembers of which row; the one answered is no target any more. */
export function whoHadRowWhileAway(state: State, target: Target, found: { strategy: Strategy; remembered: Incarnation }): Target | null {
  const { strategy, remembered } = found;
  const { group, incarnation } = target;
  if (incarnation === null || remembered.generation !== incarnation.generation || remembered.pmId === incarnation.pmId) return null;
  const [former, absent] = [...state.absent].find(([, { saved }]) => isRowOf(incarnation, incarnationIn(saved))) ?? [];
  if (former === undefined || absent === undefined) return null;
  const from = newTarget(state, { id: former, kind: "worker", group, strategy });
  restoreTarget(state, from, strategy, absent);
  from.row = target.row;
  from.incarnation = from.remembered;
  return from;
}

function isRowOf({ generation, pmId }: Incarnation, other: Incarnation | null): boolean {
  return other?.generation === generation && other.pmId === pmId;
}

/** Who is called otherwise now, because its row moved up; null = its row has gone with it. */
export function heirOf(state: State, target: Target): Target | null {
  return target.incarnation === null ? null : hasRow(state, target, target.incarnation.pmId);
}

/** Another of its group that has, or had until now, this row of the same PM2 daemon. */
function hasRow(state: State, { id, group, incarnation }: Target, pmId: number): Target | null {
  const others = (state.groups.get(group)?.members ?? []).filter((other) => other !== id).map((other) => state.targets.get(other));
  const isSame = (other: Target | undefined): boolean =>
    other?.incarnation?.pmId === pmId && other.incarnation.generation === incarnation?.generation;
  return others.find(isSame) ?? null;
}

function whatBecame(state: State, target: Target, pmId: number): string {
  const group = state.targets.get(target.group);
  if (group !== undefined && isBeingRemoved(healOf(group.control.phase), target)) return "trimmed by healer";
  const heir = hasRow(state, target, pmId);
  return heir === null ? "gone from PM2's list" : `called ${heir.id} from now on`;
}

/**
 * The streak and the circuit are the number's, whoever has it; an open circuit closes once the row has been well for a grace
 * period (row 24a). Evidence is the process's, and begins anew; the row's grace period goes on.
 */
export function moveUp(turn: Turn, target: Target, moved: { strategy: Strategy; from: Target; beforePmId: number; row: WorkerRow }): void {
  const { strategy, from, beforePmId, row } = moved;
  const why = whatBecame(turn.state, target, beforePmId);
  say(turn, target, {
    level: "info",
    event: "target_new",
    reason: `pm_id ${row.pmId}, until now ${from.id}, is called ${target.id} from now on: pm_id ${beforePmId} is ${why}`,
  });
  if (healOf(target.control.phase) !== null) endHeal(turn, target, { verdict: "aborted", reason: `pm_id ${beforePmId} is ${why}` });
  const { phase } = target.control;
  if (phase.name === "open") withControl(target, { phase: { ...phase, restartedAtMs: turn.state.nowMs } });
  startEpoch(turn.state, target, strategy, "other");
  target.exits = [...from.exits];
  target.view.exits = target.exits;
  target.ledger = { ...from.ledger };
  target.life = null;
  target.view.statusSinceMs = from.view.statusSinceMs;
  target.othersStartAtMs = from.othersStartAtMs;
  const heal = healOf(from.control.phase);
  if (heal !== null && isHeldDown(from))
    holdFromNowOn(turn, target, { strategy, rule: heal.rule, reason: `healer had stopped it when it was ${from.id}` });
}
