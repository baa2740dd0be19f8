import { takeCensus } from "./census.ts";
import { returnToken } from "./budget.ts";
import type { Phase } from "./control.ts";
import { GUARDS } from "./guards.ts";
import { copiesInTheWayOf, fileCopies } from "./group-facts.ts";
import { endHeal } from "./heal-end.ts";
import { proceedReplace, tryLater } from "./replace.ts";
import { sharesNumber } from "./successor.ts";
import { workerOf } from "./subject.ts";
import { sayEnded } from "./trim-line.ts";
import { execute } from "./execute.ts";
import { endNext, endOrder } from "./trim.ts";
import { preImage, skipMember } from "./roll.ts";
import type { CopiesSeen, Pm2View, TargetId } from "./observation.ts";
import type { State, Target } from "./state.ts";
import { withControl } from "./target.ts";
import { say, sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";
import { isStoppedRow, sameIncarnation } from "./worker-row.ts";
import type { WorkerRow } from "./worker-row.ts";

const ASKED_AGAIN = ["paused", "maintenance", "observe", "shadow"]; // what people or the calendar may have said since the decision
const START_RETRY_MS = 30_000;
const JOURNAL_RETRY_MS = 60_000; // a full disk may be freed; the next intent then tries a new file

/** Rows 6 and 7: the intent is on disk and PM2 was listed after that. Act if the world is still the one decided upon. */
export function onDurable(
  turn: Turn,
  event: { target: TargetId; healId: string; pm2: Pm2View | string; copies?: CopiesSeen | null },
): void {
  const { state } = turn;
  if (state.journalError !== null && state.journalError.retryAtMs !== null) state.journalError = null; // it takes writes again
  const target = state.targets.get(event.target);
  if (target === undefined || !awaits(target.control.phase, event.healId)) return;
  takeCensus(turn, event.pm2);
  if (event.copies != null) fileCopies(state, event.copies);
  const { phase } = target.control;
  if (!awaits(phase, event.healId)) return; // the census has ended it: stopped, restarted or gone meanwhile
  if (typeof event.pm2 === "string") return doNothing(turn, target, phase, `PM2 could not be read before acting: ${event.pm2}`);
  if (phase.heal.trim != null) {
    const why = whyNoLonger(state, target, phase);
    return why === null ? endNext(turn, target, phase) : doNothing(turn, target, phase, `nothing more is ended: ${why}`);
  }
  if (phase.heal.replace != null && phase.step !== "add") return proceedReplace(turn, target, phase);
  const worker = workerOf(state, target, phase.heal);
  const row = worker?.row ?? null;
  const changed = row === null ? "it is gone" : whyChanged(state, phase, row);
  if (changed !== null && phase.heal.roll !== null) return skipMember(turn, target, phase.heal, changed);
  const reason = changed ?? whyNoLonger(state, target, phase);
  if (reason !== null || row === null) return doNothing(turn, target, phase, `nothing was done: ${reason ?? "it is gone"}`);
  if (phase.step === "add" && worker !== null && sharesNumber(state, worker, row)) return refuseReplace(turn, target, phase);
  const strategy = strategyOf(state, target);
  const isTrial = phase.step === "start" && phase.heal.action === "hold-down";
  const inTheWay = isTrial ? copiesInTheWayOf(state, target, strategy) : [];
  for (const copy of inTheWay) sayEnded(turn, target, { heal: phase.heal, member: { kind: "copy", copy, sinceMs: 0 }, keep: null });
  execute(turn, target, { phase, row, ends: inTheWay.map((copy) => endOrder(copy, row, strategy.knobs.drainMs)) });
}

/** Of a group the others are replaced all the same. */
function refuseReplace(turn: Turn, target: Target, { heal }: Intent): void {
  if (heal.roll !== null && heal.roll.done.length + heal.roll.waiting.length > 0) skipMember(turn, target, heal, SHARED);
  else endHeal(turn, target, { verdict: "failed", reason: `nothing was done: ${SHARED}` });
}

const SHARED = "PM2 runs several under its number, and a replacement could not be told from them; use restart";

/** Row 8: no durable intent, no action. A person is told when it begins, whichever record it was. */
export function onJournalFailed(turn: Turn, event: { target: TargetId | null; healId: string | null; error: string }): void {
  const { state } = turn;
  if (state.journalError === null) {
    const reason = `the journal could not be written (${event.error}): healer only watches until it can`;
    sayOf(turn, "healer", { level: "error", event: "alert", reason });
  }
  if (state.journalError?.retryAtMs !== null || state.journalError === null)
    state.journalError = { reason: event.error, retryAtMs: state.nowMs + JOURNAL_RETRY_MS };
  const target = event.target === null ? undefined : state.targets.get(event.target);
  const phase = target?.control.phase;
  if (target === undefined || phase === undefined || event.healId === null || !awaits(phase, event.healId)) return;
  doNothing(turn, target, phase, "the intent could not be made durable; nothing was done");
}

type Intent = Extract<Phase, { name: "intent" }>;

/** The heal is dropped. A row that we have stopped ourselves is not: its start is tried again, or it would stay down. */
function doNothing(turn: Turn, target: Target, phase: Intent, reason: string): void {
  const { replace } = phase.heal;
  if (replace != null && phase.step !== "add") return tryLater(turn, target, { heal: phase.heal, replace, why: reason });
  if (phase.step !== "start" || target.row?.pid != null) return endHeal(turn, target, { verdict: "aborted", reason });
  if (phase.heal.action === "hold-down") returnToken(turn.state);
  withControl(target, { phase: { name: "held", heal: phase.heal, resumeAtMs: turn.state.nowMs + START_RETRY_MS } });
  const more = { guard: "start", until: START_RETRY_MS, flip: `healer reset ${target.id}` };
  say(turn, target, { level: "warn", event: "hold", reason: `${reason}; its start is tried again in ${inWords(START_RETRY_MS)}`, more });
}

/** Paused, or told to observe only, since the decision. A person's own order and the second half of a hold-down stand. */
function whyNoLonger(state: State, target: Target, phase: Intent): string | null {
  if (phase.heal.by !== null || phase.step === "start") return null;
  const strategy = strategyOf(state, target);
  const observeOnly = strategy.rules.some((rule) => rule.key === phase.heal.rule && rule.observeOnly);
  const candidate = { target, strategy, rule: null, action: phase.heal.action, actsInGrace: true, observeOnly, holdsDown: false };
  const asked = GUARDS.filter(({ name }) => ASKED_AGAIN.includes(name));
  return asked.map((guard) => guard.ask(state, candidate)).find((answer) => answer !== null)?.reason ?? null;
}

function awaits(phase: Phase, healId: string): phase is Extract<Phase, { name: "intent" }> {
  return phase.name === "intent" && phase.heal.id === healId;
}

function whyChanged(state: State, phase: Extract<Phase, { name: "intent" }>, row: WorkerRow): string | null {
  if (state.pm2.name !== "up") return "PM2 is not there";
  const now = preImage(row, state.pm2.generation);
  const pre = phase.heal.roll?.current?.pre ?? phase.heal.pre;
  if (pre === null) return "it had not been seen when the decision was made";
  if (phase.step === "start") return row.pid === null ? null : "it runs already";
  if (row.status === "stopping") return "PM2 says stopping";
  if (row.status === "waiting restart" && row.pid !== null && phase.step !== "stop") return "it has died and PM2 is about to restart it";
  if (isStoppedRow(row)) {
    // Decided in sight of that: what a start of ours that failed has left down, and a person wants healed.
    const wasMeant = pre.pid === null && (phase.step === "stop" || pre.status === "stopped");
    return wasMeant ? null : "PM2 says stopped";
  }
  // A crash loop changes the incarnation many times a second; what must not have changed is who commanded the start.
  const same =
    phase.step === "stop"
      ? now.generation === pre.generation && now.pmId === pre.pmId && now.createdWallMs === pre.createdWallMs
      : sameIncarnation(now, pre);
  return same ? null : `it is another process than the one judged (pid ${pre.pid ?? "none"} then, ${now.pid ?? "none"} now)`;
}
