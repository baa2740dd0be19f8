import type { Pause } from "./control.ts";
import type { TargetId } from "./observation.ts";
import type { State, Target } from "./state.ts";
import { startEpoch, withControl } from "./target.ts";
import { journal, say, sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

const REMIND_MS = 24 * 3_600_000; // a pause for ever is remembered daily, or it is forgotten for ever

export interface PauseWish {
  readonly by: string;
  readonly forMs: number | null;
  readonly reason: string;
}

/** `target` null = everything. Answers with the line for whoever asked. */
export function pause(turn: Turn, target: Target | null, wish: PauseWish): string {
  const { state } = turn;
  const until = {
    untilMs: wish.forMs === null ? null : state.nowMs + wish.forMs,
    remindAtMs: wish.forMs === null ? state.nowMs + REMIND_MS : null,
  };
  const paused: Pause = { ...until, by: wish.by, reason: wish.reason };
  const what = target?.id ?? "everything";
  const forHowLong = wish.forMs === null ? "until resumed" : `for ${inWords(wish.forMs)}`;
  const line = {
    level: "warn",
    event: "paused",
    reason: `${what} paused by ${wish.by} ${forHowLong}${wish.reason === "" ? "" : `: ${wish.reason}`}`,
    more: { by: wish.by, for_ms: wish.forMs },
  } as const;
  if (target === null) {
    state.globals.paused = paused;
    sayOf(turn, "healer", line);
  } else {
    withControl(target, { paused });
    target.said.hold = null;
    say(turn, target, line);
  }
  journalPause(turn, target, { paused: what, by: wish.by, reason: wish.reason });
  return `${what} paused ${forHowLong}`;
}

/** Resuming starts a grace period and a new epoch: what happened meanwhile is held against nobody. */
export function resume(turn: Turn, target: Target | null, by: string): string {
  const { state } = turn;
  if (target === null) {
    for (const each of state.targets.values()) withControl(each, { paused: null });
    endPause(turn, null, by);
    return "everything resumed; a grace period begins";
  }
  const wasPaused = target.control.paused !== null;
  if (wasPaused) endPause(turn, target, by);
  else for (const each of whomItHeld(state, target)) beginAnew(turn, each);
  return wasPaused ? `${target.id} resumed; a grace period begins` : `${target.id} was not paused`;
}

/** Asked each turn: pauses whose time is over end as if somebody had resumed them; those for ever are brought to mind. */
export function followPauses(turn: Turn): void {
  const { state } = turn;
  const targets = [null, ...state.targets.values()];
  for (const target of targets) {
    const paused = target === null ? state.globals.paused : target.control.paused;
    if (paused === null) continue;
    if (paused.untilMs !== null && paused.untilMs <= state.nowMs) endPause(turn, target, null);
    else if (paused.remindAtMs != null && paused.remindAtMs <= state.nowMs) remind(turn, target, paused);
  }
}

function endPause(turn: Turn, target: Target | null, by: string | null): void {
  const { state } = turn;
  const reason = by === null ? "the pause is over; a grace period begins" : `resumed by ${by}; a grace period begins`;
  const line = { level: "info", event: "resumed", reason, more: { by: by ?? "healer" } } as const;
  if (target === null) {
    state.globals.paused = null;
    sayOf(turn, "healer", { ...line, reason: `everything: ${reason}` });
  } else {
    withControl(target, { paused: null });
    say(turn, target, line);
  }
  for (const each of whomItHeld(state, target)) beginAnew(turn, each);
  journalPause(turn, target, { resumed: target?.id ?? "everything", by: by ?? "healer" });
}

function remind(turn: Turn, target: Target | null, paused: Pause): void {
  const later: Pause = { ...paused, remindAtMs: turn.state.nowMs + REMIND_MS };
  const why = paused.reason === "" ? "" : ` (${paused.reason})`;
  const what = target?.id ?? "everything";
  const flip = target === null ? "healer resume --all" : `healer resume ${target.id}`;
  const reason = `${what} is still paused by ${paused.by}${why}: nothing is healed until ${flip}`;
  const line = { level: "warn", event: "paused", reason, more: { by: paused.by, for_ms: null } } as const;
  if (target === null) {
    turn.state.globals.paused = later;
    sayOf(turn, "healer", line);
  } else {
    withControl(target, { paused: later });
    say(turn, target, line);
  }
}

/** A group's pause holds its members too. */
function whomItHeld(state: State, target: Target | null): readonly Target[] {
  if (target === null) return [...state.targets.values()];
  const members: readonly TargetId[] = target.kind === "group" ? (state.groups.get(target.id)?.members ?? []) : [];
  return [target, ...members.map((id) => state.targets.get(id)).filter((member) => member !== undefined)];
}

export function beginAnew(turn: Turn, target: Target): void {
  withControl(target, { calmFromMs: turn.state.nowMs });
  startEpoch(turn.state, target, strategyOf(turn.state, target), "other");
  target.said.hold = null;
  target.said.wouldHeal = false;
}

/** The journal hears of it: globals travel with every record; any target's will do, and with none there is nothing to protect. */
export function journalPause(turn: Turn, target: Target | null, note: { readonly [key: string]: string }): void {
  const carrier = target ?? turn.state.targets.values().next().value;
  if (carrier !== undefined) journal(turn, carrier, { kind: "control", healId: null, note });
}
