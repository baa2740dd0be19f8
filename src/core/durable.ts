import { takeCensus } from "./census.ts";
import type { Heal, Phase } from "./control.ts";
import { endHeal } from "./heal-end.ts";
import { preImage, skipMember } from "./roll.ts";
import type { Pm2View, TargetId } from "./observation.ts";
import type { State, Target } from "./state.ts";
import { withControl } from "./target.ts";
import { say, type Turn } from "./turn.ts";
import { sameIncarnation } from "./worker-row.ts";
import type { WorkerRow } from "./worker-row.ts";

const REPLY_SLACK_MS = 30_000;
const JOURNAL_RETRY_MS = 60_000; // a full disk may be freed; the next intent then tries a new file

/** Rows 6 and 7: the intent is on disk and PM2 was listed after that. Act if the world is still the one decided upon. */
export function onDurable(turn: Turn, event: { target: TargetId; healId: string; pm2: Pm2View | string }): void {
  const target = turn.state.targets.get(event.target);
  if (target === undefined || !awaits(target.control.phase, event.healId)) return;
  takeCensus(turn, event.pm2);
  const { phase } = target.control;
  if (!awaits(phase, event.healId)) return; // the census has ended it: stopped, restarted or gone meanwhile
  if (typeof event.pm2 === "string")
    return endHeal(turn, target, { verdict: "aborted", reason: `PM2 could not be read before acting: ${event.pm2}` });
  const worker = workerOf(turn.state, target, phase.heal);
  const changed = worker === null || worker.row === null ? "it is gone" : whyChanged(turn.state, phase, worker.row);
  if (changed !== null && phase.heal.roll !== null) return skipMember(turn, target, phase.heal, changed);
  if (changed !== null || worker === null || worker.row === null)
    return endHeal(turn, target, { verdict: "aborted", reason: `nothing was done: ${changed ?? "it is gone"}` });
  const deadlineMs = turn.state.nowMs + 2 * worker.row.killTimeoutMs + worker.row.listenTimeoutMs + REPLY_SLACK_MS;
  withControl(target, { phase: { name: "acting", heal: phase.heal, step: phase.step, deadlineMs } });
  turn.effects.push({
    type: "execute",
    target: target.id,
    healId: phase.heal.id,
    action: phase.heal.action,
    step: phase.step,
    row: worker.row,
  });
}

/** Row 8: no durable intent, no action. */
export function onJournalFailed(turn: Turn, event: { target: TargetId | null; healId: string | null; error: string }): void {
  turn.state.journalError = { reason: event.error, retryAtMs: turn.state.nowMs + JOURNAL_RETRY_MS };
  const target = event.target === null ? undefined : turn.state.targets.get(event.target);
  if (target === undefined || event.healId === null || !awaits(target.control.phase, event.healId)) return;
  say(turn, target, {
    level: "error",
    event: "alert",
    reason: `the journal could not be written (${event.error}): healer only watches until it can`,
    heal_id: event.healId,
  });
  endHeal(turn, target, { verdict: "aborted", reason: "the intent could not be made durable; nothing was done" });
}

function awaits(phase: Phase, healId: string): phase is Extract<Phase, { name: "intent" }> {
  return phase.name === "intent" && phase.heal.id === healId;
}

/** The worker the next step is about: the target itself, or the member whose turn it is in a group heal. */
export function workerOf(state: State, target: Target, heal: Heal): Target | null {
  if (heal.roll === null) return target;
  const current = heal.roll.current?.target;
  return current === undefined ? null : (state.targets.get(current) ?? null);
}

function whyChanged(state: State, phase: Extract<Phase, { name: "intent" }>, row: WorkerRow): string | null {
  if (state.pm2.name !== "up") return "PM2 is not there";
  const now = preImage(row, state.pm2.generation);
  const pre = phase.heal.roll?.current?.pre ?? phase.heal.pre;
  if (pre === null) return "it had not been seen when the decision was made";
  if (phase.step === "start") return row.pid === null ? null : "it runs already";
  if (row.status === "stopping" || (row.status === "stopped" && row.pid === null)) return `PM2 says ${row.status}`;
  // A crash loop changes the incarnation many times a second; what must not have changed is who commanded the start.
  const same =
    phase.step === "stop"
      ? now.generation === pre.generation && now.pmId === pre.pmId && now.createdWallMs === pre.createdWallMs
      : sameIncarnation(now, pre);
  return same ? null : `it is another process than the one judged (pid ${pre.pid ?? "none"} then, ${now.pid ?? "none"} now)`;
}
