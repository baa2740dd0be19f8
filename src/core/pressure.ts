import { restartsNobody } from "./control.ts";
import type { Answer, Candidate } from "./guards.ts";
import type { State } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { forgetTasks, rulesFor } from "./target.ts";
import { sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/** How one part of the machine (`host:memory`, `gpu:0`) has stood lately. */
export interface Pressure {
  /** What is wrong, as of the newest reading that was bad: part of a sentence. */
  readonly reason: string;
  /** Since when it is under pressure; null = it is not. */
  readonly sinceMs: number | null;
  /** Of the newest reading. */
  readonly atMs: number;
  /** Readings in a row that say otherwise than before. */
  readonly against: number;
  /** When it last ended; null = never. */
  readonly overAtMs: number | null;
  /** When it was last told; a part that comes and goes is told once an hour. */
  readonly toldAtMs: number | null;
}

const READINGS = 2; // one may be a peak
const TOLD_EVERY_MS = 3_600_000;
/** Three times the slowest rhythm: what was seen before that says nothing of now. */
export const STALE_MS = 900_000;

/** Files one reading of one part; `reason` null = it is well. Writes down when it goes bad and when that is over. */
export function notePressure(turn: Turn, part: string, now: { reason: string | null; atMs: number; event: "alert" | "pressure" }): void {
  const { state } = turn;
  const before = state.machine.pressures.get(part) ?? {
    reason: "",
    sinceMs: null,
    atMs: now.atMs,
    against: 0,
    overAtMs: null,
    toldAtMs: null,
  };
  const isBad = now.reason !== null;
  const against = isBad === (before.sinceMs !== null) ? 0 : before.against + 1;
  const kept = { ...before, reason: now.reason ?? before.reason, atMs: now.atMs, against };
  if (against < READINGS) return void state.machine.pressures.set(part, kept);
  if (isBad) return begin(turn, part, { ...kept, sinceMs: now.atMs, against: 0 }, now.event);
  state.machine.pressures.set(part, { ...kept, sinceMs: null, against: 0, overAtMs: state.nowMs });
  if (part.startsWith("host:") && holdsForHost(state))
    for (const target of state.targets.values()) forgetTasks(state, target, strategyOf(state, target));
  if (before.sinceMs === null || before.toldAtMs === null || before.toldAtMs < before.sinceMs) return;
  const reason = `over after ${inWords(now.atMs - before.sinceMs)}: ${before.reason}`;
  sayOf(turn, part, { level: "info", event: "pressure_over", reason, more: { lasted_ms: Math.round(now.atMs - before.sinceMs) } });
}

function begin(turn: Turn, part: string, pressure: Pressure, event: "alert" | "pressure"): void {
  const { nowMs } = turn.state;
  const isTold = pressure.toldAtMs === null || nowMs - pressure.toldAtMs >= TOLD_EVERY_MS;
  turn.state.machine.pressures.set(part, isTold ? { ...pressure, toldAtMs: nowMs } : pressure);
  if (!isTold) return;
  const holds = part.startsWith("gpu:") || holdsForHost(turn.state);
  const reason = `${pressure.reason}${holds ? "; workers that fail for it are not restarted meanwhile" : ""}`;
  sayOf(turn, part, { level: event === "alert" ? "error" : "warn", event, reason });
}

/** Parts of the machine under pressure now, for `status`. */
export function pressuresNow(
  { machine: { pressures }, nowMs }: State,
  parts: "host:" | "gpu:",
): readonly { part: string; reason: string }[] {
  return [...pressures].flatMap(([part, { reason, sinceMs, atMs }]) =>
    sinceMs !== null && part.startsWith(parts) && nowMs - atMs <= STALE_MS ? [{ part, reason }] : [],
  );
}

/** Whether `host: {hold: true}`. */
export function holdsForHost({ policy }: State): boolean {
  return policy.machine?.host?.holds === true;
}

/** Right after it is over most of them recover by themselves. */
export function isQuiet(state: State, overAtMs: number | null, { knobs }: Strategy): overAtMs is number {
  return overAtMs !== null && state.nowMs < overAtMs + knobs.incident.quietMs;
}

/** The answer of a guard while what was short is over, and those who failed for it get time. */
export function afterwards(state: State, { strategy }: Candidate, past: { reason: string; overAtMs: number | null }): Answer {
  if (!isQuiet(state, past.overAtMs, strategy)) return null;
  const untilMs = past.overAtMs + strategy.knobs.incident.quietMs;
  const since = inWords(state.nowMs - past.overAtMs);
  const reason = `over since ${since}, and it has ${inWords(untilMs - state.nowMs)} left to recover by itself: ${past.reason}`;
  return { reason, untilMs, flip: "that time is over and it is still bad" };
}

/** A stop that contains, a trim, a worker that is dead, and what is wrong with the process itself go ahead. */
export function isAboutWork({ rule, target, strategy, action, holdsDown }: Candidate): boolean {
  if (holdsDown || restartsNobody(action) || rule === null || rule.judgement.dead) return false;
  return rulesFor(strategy, target.kind).find(({ key }) => key === rule.key)?.aboutWork === true;
}
