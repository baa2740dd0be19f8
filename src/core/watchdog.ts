import { healsPerHour } from "./budget.ts";
import { healOf } from "./control.ts";
import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import type { State } from "./state.ts";
import { beginTurn, sayOf, strategyOf, type Turn } from "./turn.ts";
import type { WorkerRow } from "./worker-row.ts";

/**
 * The promises that must hold whatever the rest of the core has decided, asked of every action at the last moment
 * (decision-core §4.4). They rest on books of their own. Where one would be broken, the core has a bug: nothing is done any
 * more in this life of healer, and a person is told. Costs nothing in a step that does nothing.
 */
export interface Watchdog {
  /** What was broken first; null = nothing. */
  violation: string | null;
  readonly done: Done[];
  /** Budgets that an edit has replaced, and when: what they earned may be spent yet. */
  readonly budgets: { readonly atMs: number; readonly healsPerHour: number }[];
}

interface Done {
  readonly healId: string;
  readonly step: string;
  readonly target: string;
  /** By PM2's generation and number: a new daemon numbers its rows anew. */
  readonly row: string;
  readonly atMs: number;
  /** Restarts somebody on healer's own decision: what paces heals counts it. */
  readonly counts: boolean;
  readonly graceMs: number;
  readonly healsPerHour: number;
}

type Execute = Extract<Effect, { type: "execute" }>;

const HOUR_MS = 3_600_000;
const KEPT_MS = 24 * HOUR_MS;

export function newWatchdog(): Watchdog {
  return { violation: null, done: [], budgets: [] };
}

/** Before an edit takes it away. */
export function noteBudget({ watchdog, policy, nowMs }: State): void {
  watchdog.budgets.push({ atMs: nowMs, healsPerHour: healsPerHour(policy) });
  while ((watchdog.budgets[0]?.atMs ?? nowMs) < nowMs - HOUR_MS) watchdog.budgets.shift();
}

/** The effects of a step without the actions that must not be. */
export function watched(turn: Turn, event: Event): readonly Effect[] {
  const { state } = turn;
  if (!turn.effects.some(({ type }) => type === "execute")) return turn.effects;
  const allowed: Effect[] = [];
  for (const effect of turn.effects) {
    if (effect.type !== "execute") {
      allowed.push(effect);
      continue;
    }
    const why = state.watchdog.violation ?? whatItBreaks(state, event, effect);
    if (why === null) {
      allowed.push(effect);
      note(state, effect);
    } else if (state.watchdog.violation === null) allowed.push(...alarm(turn, effect, why));
  }
  return allowed;
}

function alarm({ state }: Turn, { target, action, healId }: Execute, why: string): readonly Effect[] {
  state.watchdog.violation = why;
  const told = beginTurn(state);
  const reason = `healer was about to break one of its own promises with a ${action} of ${target}, which is a bug of healer's: ${why}. It was not done; healer only watches until it is restarted. Please report this line`;
  sayOf(told, "healer", { level: "error", event: "alert", reason, more: { violation: why, heal_id: healId, target } });
  return told.effects;
}

function whatItBreaks(state: State, event: Event, effect: Execute): string | null {
  return whyUnproven(event, effect) ?? whyUntouchable(state, effect) ?? whyTwice(state, effect) ?? whyTooSoon(state, effect);
}

/** I6, I18: an action answers the confirmation that its own intent is on disk. */
function whyUnproven(event: Event, { healId }: Execute): string | null {
  if (event.type !== "durable") return `I18: an action in answer to ${event.type}`;
  return event.healId === healId ? null : `I6: the record of ${event.healId} is on disk, not that of ${healId}`;
}

/** I9, I15: never healer itself or a module, and nothing on healer's own decision in mode observe. */
function whyUntouchable(state: State, { row, target, step }: Execute): string | null {
  if (row.isModule || (row.pid !== null && state.self.pids.includes(row.pid))) return `I9: ${row.name} is healer's own or PM2's`;
  const found = state.targets.get(target);
  if (found === undefined) return `I9: ${target} is no target`;
  const begins = step === "all" || step === "stop" || step === "add"; // what is half done is finished in any mode
  const isByHand = byHand(state, target);
  return begins && !isByHand && strategyOf(state, found).mode === "observe" ? `I15: ${target} is only observed` : null;
}

function byHand(state: State, target: string): boolean {
  const phase = state.targets.get(target)?.control.phase;
  return phase !== undefined && healOf(phase)?.by != null;
}

/** I7: no step of a heal is done twice to one row, unless what it was to bring about has not come about. */
function whyTwice(state: State, { healId, step, row, ends }: Execute): string | null {
  const mayRepeat = ends.length > 0 || step === "remove" || step === "undo" || (step === "start" && row.pid === null);
  if (mayRepeat) return null;
  const again = state.watchdog.done.some((done) => done.healId === healId && done.step === step && done.row === nameOf(state, row));
  return again ? `I7: ${step} of heal ${healId} was done before` : null;
}

/** I3, I4: no second heal of a target within its grace period, and no more heals an hour than the budget allows. */
function whyTooSoon(state: State, effect: Execute): string | null {
  const next = doneOf(state, effect);
  if (!next.counts) return null;
  const { done, budgets } = state.watchdog;
  const last = done.findLast((one) => one.target === next.target && one.healId !== next.healId && one.counts);
  const graceMs = last === undefined ? 0 : Math.min(last.graceMs, next.graceMs);
  if (effect.step !== "start" && last !== undefined && next.atMs - last.atMs < graceMs)
    return `I3: ${next.target} was healed ${Math.round((next.atMs - last.atMs) / 1000)} s ago, within its grace period`;
  const recent = done.filter((one) => one.counts && next.atMs - one.atMs < HOUR_MS);
  const heals = new Set([...recent, next].map(({ healId }) => healId)).size;
  const replaced = budgets.filter(({ atMs }) => next.atMs - atMs < HOUR_MS);
  const most = Math.max(...[next, ...recent, ...replaced].map((one) => one.healsPerHour));
  return heals > most ? `I4: ${heals} heals within an hour, at most ${most}` : null;
}

function nameOf({ pm2 }: State, { pmId }: WorkerRow): string {
  return `${pm2.name === "up" ? pm2.generation : ""} ${pmId}`;
}

function note(state: State, effect: Execute): void {
  const { done } = state.watchdog;
  done.push(doneOf(state, effect));
  while ((done[0]?.atMs ?? state.nowMs) < state.nowMs - KEPT_MS) done.shift();
}

function doneOf(state: State, { healId, step, target, row, action, ends }: Execute): Done {
  const found = state.targets.get(target);
  return {
    healId,
    step,
    target,
    row: action === "trim" && ends.length > 0 ? "" : nameOf(state, row), // a trim of a copy names a row for its limits alone
    atMs: state.nowMs,
    counts: action !== "trim" && step !== "stop" && !byHand(state, target),
    graceMs: found === undefined ? 0 : strategyOf(state, found).knobs.gracePeriodMs,
    healsPerHour: healsPerHour(state.policy),
  };
}
