import type { Heal, Phase, Trim } from "./control.ts";
import type { OutsideCopy } from "./copy.ts";
import type { EndOrder } from "./effect.ts";
import { execute } from "./execute.ts";
import { groupFactsOf } from "./group-facts.ts";
import { isPaused } from "./guards.ts";
import { endHeal } from "./heal-end.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { startEpoch, withControl } from "./target.ts";
import { memberKey } from "./member-key.ts";
import { narrower, planTrim, type Member, type TrimLimits, type UnitPlan } from "./trim-plan.ts";
import { restoreCommand, sayKeep, sayMember } from "./trim-words.ts";
import { busyWith } from "./trim-drain.ts";
import { sayEnded } from "./trim-line.ts";
import { journal, strategyOf, type Turn } from "./turn.ts";
import type { WorkerRow } from "./worker-row.ts";

const LOOKS_LATER_MS = 30_000; // no look since the last end by then: what was seen before is too old to end anybody on
export const PROVEN_MS = 10_000; // five looks; what comes back comes back within seconds, or is found by the rule again

/**
 * A trim (interface.md §3): one heal of a group, in which those too many are ended one at a time. Before each end the list
 * and the processes are read again and the plan is made anew; only who was too many when it was decided, and still is,
 * goes. Never fewer than `keep` stay.
 */
export function beginTrim(state: State, target: Target, limits: TrimLimits, by: string | null): Trim {
  const units = unitsNow(state, target, limits, { alsoUnsafe: by !== null });
  const meant = by === null ? units.filter(({ unsettled }) => unsettled === null).slice(0, 1) : units;
  const victims = meant.flatMap((unit) => unit.victims).map(memberKey);
  return { ...limits, scripts: meant.map(({ script }) => script), victims, current: victims[0] ?? null, done: [] };
}

/** The units with somebody too many, the longest standing first. What healer does not do by itself, a person may order. */
function unitsNow(state: State, target: Target, limits: TrimLimits, { alsoUnsafe }: { alsoUnsafe: boolean }): readonly UnitPlan[] {
  const units = planTrim(groupFactsOf(state, target.id), limits, state.nowMs);
  return units.filter(({ unsafe }) => alsoUnsafe || unsafe === null).toSorted((one, other) => one.sinceMs - other.sinceMs);
}

/** Who is to be ended next: too many when it was decided, and too many now. Nobody's turn comes twice. */
function victimNow(state: State, target: Target, heal: Heal, trim: Trim): Member | null {
  const victims = unitsLeft(state, target, heal, { alsoUnsafe: heal.by !== null }).flatMap((unit) => unit.victims);
  const waiting = trim.victims.filter((key) => !trim.done.includes(key));
  return victims.find((member) => waiting.includes(memberKey(member))) ?? null;
}

/** Of the units it was begun for, those with somebody too many still. */
function unitsLeft(state: State, target: Target, heal: Heal, options: { alsoUnsafe: boolean }): readonly UnitPlan[] {
  const { trim } = heal;
  if (trim == null) return [];
  return unitsNow(state, target, limitsNow(state, target, heal, trim), options).filter(({ script }) => trim.scripts.includes(script));
}

/** A person's order stands as it was given. healer's own goes no further than the configuration of now lets it. */
function limitsNow(state: State, target: Target, { by }: Heal, trim: Trim): TrimLimits {
  if (by !== null) return trim;
  const { maxWorkers, trimOutside } = strategyOf(state, target).knobs;
  return { keep: Math.max(trim.keep, maxWorkers ?? Number.POSITIVE_INFINITY), outside: narrower(trim.outside, trimOutside) };
}

/** The intent is on disk, PM2 was listed and the processes were looked at after that. */
export function endNext(turn: Turn, target: Target, phase: Extract<Phase, { name: "intent" }>): void {
  const { heal } = phase;
  const trim = heal.trim ?? null;
  const victim = trim === null ? null : victimNow(turn.state, target, heal, trim);
  const row = victim === null ? null : rowFor(turn.state, target, victim);
  if (trim === null || victim === null || row === null) return watch(turn, target, heal, null);
  if (memberKey(victim) !== trim.current) return journalNext(turn, target, heal, victim);
  const { drainMs } = strategyOf(turn.state, target).knobs;
  sayEnded(turn, target, { heal, member: victim, keep: limitsNow(turn.state, target, heal, trim).keep });
  execute(turn, target, { phase, row, ends: victim.kind === "copy" ? [endOrder(victim.copy, row, drainMs)] : [] });
}

/** As long as PM2 would wait for it, and as long as a task in hand may take. */
export function endOrder(copy: OutsideCopy, row: WorkerRow, drainMs: number): EndOrder {
  const { pid, startTicks, commandHash } = copy;
  return { pid, startTicks, commandHash, waitMs: row.killTimeoutMs + drainMs };
}

/** PM2's row that is to be removed; for a copy one of the rows of its app, for its limits. */
function rowFor(state: State, target: Target, victim: Member): WorkerRow | null {
  if (victim.kind === "row") return victim.worker.row;
  const { workers } = groupFactsOf(state, target.id);
  return workers.find(({ row }) => row.script === victim.copy.script)?.row ?? null;
}

/** The action has ended: the next one's turn comes with a later turn, when the world has been looked at again. */
export function trimStepDone(turn: Turn, target: Target, heal: Heal, error: string | null): void {
  const { trim } = heal;
  if (trim == null || error !== null) return watch(turn, target, heal, error);
  const done: Trim = { ...trim, done: [...trim.done, trim.current ?? ""], current: null };
  withControl(target, { phase: { name: "rolling", heal: { ...heal, trim: done }, sinceMs: turn.state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, note: { ended: trim.current } });
}

/** Asked each turn between two ends. */
export function tickTrim(turn: Turn, target: Target, strategy: Strategy, phase: Extract<Phase, { name: "rolling" }>): void {
  const { state } = turn;
  const trim = phase.heal.trim ?? null;
  if (trim === null || state.pm2.name !== "up") return;
  const seenAtMs = state.copies?.atMs ?? 0;
  const looked = trim.outside === "none" || seenAtMs > phase.sinceMs;
  if (!looked && state.nowMs - phase.sinceMs < LOOKS_LATER_MS) return;
  const victim = looked && !isPaused(state, target) ? victimNow(state, target, phase.heal, trim) : null;
  if (victim === null) {
    const settles = whoStaysIsOpen(state, target, phase.heal) && state.nowMs - phase.sinceMs < LOOKS_LATER_MS;
    return settles ? undefined : watch(turn, target, phase.heal, null);
  }
  if (busyWith(state, strategy, victim) > 0 && state.nowMs < phase.sinceMs + strategy.knobs.drainMs) return;
  journalNext(turn, target, phase.heal, victim);
}

/** The one to keep has come up again only just: whose turn is next shows when it has stood. */
function whoStaysIsOpen(state: State, target: Target, heal: Heal): boolean {
  return unitsLeft(state, target, heal, { alsoUnsafe: true }).some(({ unsafe, unsettled }) => (unsafe ?? unsettled) !== null);
}

function journalNext(turn: Turn, target: Target, heal: Heal, victim: Member): void {
  if (heal.trim == null) return;
  const next: Heal = { ...heal, trim: { ...heal.trim, current: memberKey(victim) } };
  withControl(target, { phase: { name: "intent", heal: next, step: "all", sinceMs: turn.state.nowMs } });
  journal(turn, target, { kind: "step", healId: heal.id, ack: true, note: { next: sayMember(victim), restore: restoreCommand(victim) } });
}

/** Nothing was ended: it was not needed any more. Otherwise: do they stay away? */
function watch(turn: Turn, target: Target, heal: Heal, error: string | null): void {
  if (error === null && (heal.trim?.done.length ?? 0) === 0)
    return endHeal(turn, target, { verdict: "aborted", reason: "nothing was done: none of those that were too many still is" });
  startEpoch(turn.state, target, strategyOf(turn.state, target), "other");
  withControl(target, { phase: { name: "verifying", heal, sinceMs: turn.state.nowMs, error } });
  journal(turn, target, { kind: "step", healId: heal.id, note: { acted: true, error } });
}

/** They are gone and nobody came in their place: recovered. Somebody too many is still, or again, there: failed. */
export function tickTrimVerdict(turn: Turn, target: Target, phase: Extract<Phase, { name: "verifying" }>): void {
  const { state } = turn;
  const trim = phase.heal.trim ?? null;
  if (trim === null || state.pm2.name !== "up") return;
  const seenAtMs = trim.outside === "none" ? state.nowMs : (state.copies?.atMs ?? 0);
  if (Math.min(seenAtMs, state.nowMs) < phase.sinceMs + PROVEN_MS && state.nowMs < phase.sinceMs + PROVEN_MS + LOOKS_LATER_MS) return;
  const left = unitsLeft(state, target, phase.heal, { alsoUnsafe: true }).flatMap((unit) => unit.victims);
  const running = groupFactsOf(state, target.id).workers.filter(({ row }) => row.pid !== null).length;
  if (left.length === 0)
    return endHeal(turn, target, {
      verdict: "recovered",
      reason: `${trim.done.length} ended, ${running} left, ${sayKeep(limitsNow(state, target, phase.heal, trim).keep)}`,
    });
  const error = phase.error === null ? "" : `${phase.error}; `;
  endHeal(turn, target, { verdict: "failed", reason: `${error}still or again too many: ${left.map(sayMember).join(", ")}` });
}
