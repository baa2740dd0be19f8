import type { Heal } from "./control.ts";
import { whyFlapping } from "./flapping.ts";
import { copiesInTheWayOf } from "./group-facts.ts";
import { backoffMs, endHeal, openHeld } from "./heal-end.ts";
import type { Target } from "./state.ts";
import { withControl } from "./target.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { inWords, sayStreak } from "./words.ts";
import { isStoppedRow } from "./worker-row.ts";

/** Stopped by healer, which is going to start it. */
export function isHeldDown({ control, row }: Target): boolean {
  const { phase } = control;
  return row !== null && isStoppedRow(row) && (phase.name === "held" || (phase.name === "open" && phase.heal !== null));
}

/** A hold-down's first half: down, until its backoff or, with the streak full, the circuit's cool-down is over. */
export function stopped(turn: Turn, target: Target, heal: Heal, error: string | null): void {
  const { state } = turn;
  if (error !== null && (target.row === null || !isStoppedRow(target.row)))
    return endHeal(turn, target, { verdict: "failed", reason: `it could not be stopped: ${error}`, stopFailed: true });
  const strategy = strategyOf(state, target);
  target.exits = [];
  target.view.exits = target.exits;
  const { failedHeals, healsAtMs } = target.control;
  if (failedHeals >= strategy.knobs.consecutiveFailuresThreshold)
    return openHeld(turn, target, heal, { why: "failures", reason: sayStreak(failedHeals) });
  const flapping = whyFlapping(state.nowMs, healsAtMs.slice(0, -1), strategy.knobs); // the last one is this one
  if (flapping !== null) return openHeld(turn, target, heal, { why: "flapping", reason: flapping });
  const isBlocked = copiesInTheWayOf(state, target, strategy).length > 0;
  const waitMs = isBlocked ? 0 : backoffMs(state, target, strategy, failedHeals);
  withControl(target, { phase: { name: "held", heal, resumeAtMs: state.nowMs + waitMs } });
  journal(turn, target, { kind: "step", healId: heal.id, note: { stopped: true, start_in_ms: Math.round(waitMs) } });
  say(turn, target, {
    level: "info",
    event: "hold",
    reason: isBlocked
      ? "stopped; a copy of it outside PM2 is in its way: that is ended first, then it is started once"
      : `stopped; will be started once in ${inWords(waitMs)}`,
    heal_id: heal.id,
    more: { guard: "backoff", until: Math.round(waitMs), flip: `healer reset ${target.id}` },
  });
}
