import type { Incident, Target } from "./state.ts";
import { isProvenNow } from "./members.ts";

/**
 * Most members have recovered by themselves, so what was wrong outside is over; those that have not are not healed for
 * nothing any more. They must have stayed behind for `settledMs`, since nobody recovers in the same second, and even then
 * one of them is healed first: if it fails, the cause is still out there. In this state the incident's wait is over early;
 * whoever recovers restarts the count.
 */
export function noteStragglers(incident: Incident, members: readonly Target[], nowMs: number, settledMs: number): void {
  const bad = members.filter(isProvenNow).length;
  if (bad !== incident.bad) Object.assign(incident, { bad, badSinceMs: nowMs });
  incident.worst = Math.max(incident.worst ?? 0, bad);
  const isWaiting = incident.phase === "waiting" || incident.phase === "open";
  if (!isWaiting || bad === 0 || !isPassing(incident) || nowMs - (incident.badSinceMs ?? nowMs) < settledMs) return;
  incident.nextAtMs = Math.min(incident.nextAtMs, nowMs);
  incident.worst = bad; // once: only if most of these recover too is there reason to hurry again
}

/** Most of those that were in trouble have recovered, and it has not been seen yet who stays behind. */
export function isPassing({ bad = 0, worst = 0 }: Incident): boolean {
  return worst > 0 && bad * 2 <= worst;
}
