import type { Heal, Phase, Replace } from "./control.ts";
import { execute } from "./execute.ts";
import { pauseOf } from "./guards.ts";
import { endHeal } from "./heal-end.ts";
import { nextOfReplace, type ReplaceNext } from "./replace-plan.ts";
import { memberDone, skipMember } from "./roll.ts";
import type { State, Target } from "./state.ts";
import { workerOf } from "./subject.ts";
import { startEpoch, withControl } from "./target.ts";
import { journal, say, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

const RETRY_MS = 30_000;
const TELL_AFTER_TRIES = 3;

type Intent = Extract<Phase, { name: "intent" }>;
type Rolling = Extract<Phase, { name: "rolling" }>;

/**
 * A replace (decisions/0014): `add` starts a second row under the worker's own number, `remove` deletes the old one when the
 * new one has been online for ten seconds; `undo` deletes the new one where that does not happen. Between the steps the heal
 * is `rolling`. Each step has its own durable record, and what is due is read from the world each time (`replace-plan.ts`).
 *
 * Asked each turn while there may be two. A pause leaves both as they are: somebody is looking at them.
 */
export function tickReplace(turn: Turn, target: Target, phase: Rolling): void {
  const { state } = turn;
  const { heal } = phase;
  if (heal.replace == null || state.pm2.name !== "up" || pauseOf(state, target) !== null) return;
  // Of a healer that died nobody knows when the new one was asked for: it is waited for from here on, and not for ever.
  const replace: Replace = { ...heal.replace, addedAtMs: heal.replace.addedAtMs ?? phase.sinceMs };
  const next = nextOfReplace(state, target, heal, replace);
  if (next.name === "wait") return noteSuccessor(turn, target, phase, replace);
  if (next.name === "done" || next.name === "end") return conclude(turn, target, heal, next, null);
  if (replace.tries > 0 && state.nowMs - phase.sinceMs < RETRY_MS) return;
  const undo = next.name === "undo" ? { verdict: next.verdict, reason: next.reason } : null;
  const step = next.name;
  const planned: Heal = { ...heal, replace: { ...replace, undo, successor: successorOf(state, target, heal) ?? replace.successor } };
  withControl(target, { phase: { name: "intent", heal: planned, step, sinceMs: state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, ack: true, note: { step, pm_id: next.row.pmId, why: undo?.reason ?? null } });
}

/** The step is on disk and PM2 was listed after that: it is done only if the world still asks for the same. */
export function proceedReplace(turn: Turn, target: Target, phase: Intent): void {
  const { heal, step } = phase;
  const replace = heal.replace ?? null;
  if (replace === null) return;
  const next = nextOfReplace(turn.state, target, heal, replace);
  if (next.name !== step || pauseOf(turn.state, target) !== null) return waitOn(turn, target, heal, replace);
  const acting: Heal = { ...heal, replace: { ...replace, removing: replace.removing || step === "remove" } };
  execute(turn, target, { phase: { ...phase, heal: acting }, row: next.row, ends: [] });
}

/** A step has ended, well or badly, or healer was restarted under it: what it did is read from the list. */
export function replaceStepDone(turn: Turn, target: Target, phase: { heal: Heal; step: string }, error: string | null): void {
  const { state } = turn;
  const { heal, step } = phase;
  const replace = heal.replace ?? null;
  if (replace === null) return;
  if (step !== "add") {
    const next = nextOfReplace(state, target, heal, replace);
    if (next.name === "done" || next.name === "end") return conclude(turn, target, heal, next, error);
    return tryLater(turn, target, { heal, replace, why: error ?? "PM2 said it was done, but the row is still there" });
  }
  const successor = successorOf(state, target, heal);
  waitOn(turn, target, heal, { ...replace, successor, addedAtMs: state.nowMs, error });
  journal(turn, target, { kind: "step", healId: heal.id, note: { added: successor?.pmId ?? null, error } });
}

/** It could not be done now. Two must not stay for ever: it is tried again. */
export function tryLater(turn: Turn, target: Target, { heal, replace, why }: { heal: Heal; replace: Replace; why: string }): void {
  const tries = replace.tries + 1;
  waitOn(turn, target, heal, { ...replace, tries });
  const victim = replace.undo === null ? "the old one" : "its replacement";
  const reason = `${why}; two rows of it run, ${victim} is to go: tried again in ${inWords(RETRY_MS)}`;
  journal(turn, target, { kind: "step", healId: heal.id, note: { again: tries, why } });
  if (tries === TELL_AFTER_TRIES) say(turn, target, { level: "error", event: "alert", reason, heal_id: heal.id });
  else if (tries < TELL_AFTER_TRIES)
    say(turn, target, {
      level: "warn",
      event: "hold",
      reason,
      heal_id: heal.id,
      more: { guard: "replace", until: RETRY_MS, flip: "PM2 deletes it" },
    });
}

/** A new PM2 daemon knows nothing of what the old one was told: what of the two it has brought back is looked at with the next turn. */
export function parkReplace(turn: Turn, target: Target): void {
  const { phase } = target.control;
  if ((phase.name === "intent" || phase.name === "acting") && phase.heal.replace != null)
    waitOn(turn, target, phase.heal, phase.heal.replace);
}

function waitOn(turn: Turn, target: Target, heal: Heal, replace: Replace): void {
  withControl(target, { phase: { name: "rolling", heal: { ...heal, replace }, sinceMs: turn.state.nowMs } });
}

function successorOf(state: State, target: Target, heal: Heal): Replace["successor"] {
  const row = workerOf(state, target, heal)?.successor?.row ?? null;
  return row === null || state.pm2.name !== "up" ? null : { generation: state.pm2.generation, pmId: row.pmId };
}

/** From here on it is known by its pm_id, and by a new stamp where somebody has restarted it. */
function noteSuccessor(turn: Turn, target: Target, phase: Rolling, replace: Replace): void {
  const successor = successorOf(turn.state, target, phase.heal);
  const stampWallMs = workerOf(turn.state, target, phase.heal)?.successor?.row.createdWallMs ?? replace.stampWallMs;
  if (successor === null || (replace.successor !== null && stampWallMs === replace.stampWallMs)) return;
  const addedAtMs = replace.addedAtMs ?? turn.state.nowMs;
  withControl(target, { phase: { ...phase, heal: { ...phase.heal, replace: { ...replace, successor, stampWallMs, addedAtMs } } } });
  journal(turn, target, { kind: "step", healId: phase.heal.id, note: { added: successor.pmId } });
}

/** One of the two is left. Grace counts from here, whichever it is: nothing of ours follows at once. */
function conclude(
  turn: Turn,
  target: Target,
  heal: Heal,
  next: Extract<ReplaceNext, { name: "done" | "end" }>,
  error: string | null,
): void {
  const { state } = turn;
  const alone: Heal = { ...heal, replace: null };
  target.recoveringSinceMs = null;
  if (next.name === "done") {
    if (heal.roll !== null) return memberDone(turn, target, alone);
    startEpoch(state, target, strategyOf(state, target), "our-action");
    withControl(target, { phase: { name: "verifying", heal: alone, sinceMs: state.nowMs, error }, calmFromMs: state.nowMs });
    return journal(turn, target, { kind: "step", healId: heal.id, note: { acted: true, error } });
  }
  withControl(target, {
    phase: { name: "rolling", heal: alone, sinceMs: state.nowMs },
    calmFromMs: Math.max(target.control.calmFromMs, state.nowMs),
  });
  if (heal.roll !== null && next.verdict === "aborted") return skipMember(turn, target, alone, next.reason);
  endHeal(turn, target, { verdict: next.verdict, reason: next.reason });
}
