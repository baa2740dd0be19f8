import { fileLoopTurn, freshLoopTurns, pauseLoopSilence, tellsTurns, voidLoopSilence, type LoopTurns } from "./loop-turns.ts";
import type { Observation } from "./observation.ts";

/**
 * What is known of a process's signs of life. A *beat* is a reading at which the main thread had gone to sleep voluntarily
 * since the reading before: it had run, and had finished something. Plain JSON.
 */
export interface PulseRecord {
  pid: number | null;
  /** First letter of the kernel's state at the last reading. */
  state: string;
  switches: number;
  lastAtMs: number | null;
  /** Running mean of the time between two readings, ms. */
  usualGapMs: number;
  /** Last reading with a beat, or one from which the silence had to start over. */
  beatAtMs: number | null;
  /** The same for being stopped. */
  notStoppedAtMs: number | null;
  /** Readings since then without a beat, and in a stopped state; one may be chance. */
  stillCount: number;
  stoppedCount: number;
  hasBeaten: boolean;
  /** The last run of readings that all had a beat. */
  runSinceMs: number | null;
  runCount: number;
  /** Readings of this process. */
  count: number;
  loop: LoopTurns;
  /** A process of this worker has told the turns of its event loop before: this one is to tell them, too. */
  hasToldTurns: boolean;
}

const STALL_FACTOR = 5; // healer's own turn came that late: what it did not see it must not blame on the worker
const USUAL_GAP_MS_MIN = 1000;
const STEADY_READINGS_MIN = 5;

export function freshPulse(): PulseRecord {
  return {
    pid: null,
    state: "",
    switches: 0,
    lastAtMs: null,
    usualGapMs: 0,
    beatAtMs: null,
    notStoppedAtMs: null,
    stillCount: 0,
    stoppedCount: 0,
    hasBeaten: false,
    runSinceMs: null,
    runCount: 0,
    count: 0,
    loop: freshLoopTurns(),
    hasToldTurns: false,
  };
}

/** Files one reading. Changes `record` in place; another pid begins a new one. */
export function filePulse(record: PulseRecord, pulse: Extract<Observation, { kind: "pulse" }>): void {
  if (record.pid !== pulse.pid) Object.assign(record, freshPulse(), { pid: pulse.pid, hasToldTurns: record.hasToldTurns });
  const gapMs = record.lastAtMs === null ? 0 : pulse.atMs - record.lastAtMs;
  const wasLate = noteGap(record, pulse.atMs);
  const hasBeat = record.count > 0 && pulse.voluntarySwitches > record.switches;
  // Of the time healer slept, and of time spent inside the kernel, nothing is known: the silence starts over.
  const isVoid = record.count === 0 || wasLate || pulse.state === "D";
  if (hasBeat || isVoid) noteBeat(record, pulse.atMs, hasBeat && !wasLate);
  else record.stillCount++;
  if (wasLate || isStoppedState(pulse.state)) voidLoopSilence(record.loop, pulse.atMs);
  else if (pulse.state === "D") pauseLoopSilence(record.loop, pulse.atMs, gapMs);
  if (isStoppedState(pulse.state) && !isVoid) record.stoppedCount++;
  else {
    record.notStoppedAtMs = pulse.atMs;
    record.stoppedCount = 0;
  }
  record.hasBeaten ||= hasBeat;
  record.state = pulse.state;
  record.switches = pulse.voluntarySwitches;
  record.lastAtMs = pulse.atMs;
  record.count++;
}

/** Files what a list says of the process's event loop; of another process than the last reading's it says nothing yet. */
export function filePulseTurn(record: PulseRecord, turn: Extract<Observation, { kind: "loop-turn" }>): void {
  if (record.pid !== turn.pid) return;
  fileLoopTurn(record.loop, turn);
  record.hasToldTurns ||= tellsTurns(record.loop);
}

function noteBeat(record: PulseRecord, atMs: number, goesOn: boolean): void {
  if (!goesOn || record.runSinceMs === null || record.stillCount > 0) {
    record.runSinceMs = atMs;
    record.runCount = 0;
  }
  record.runCount++;
  record.beatAtMs = atMs;
  record.stillCount = 0;
}

/** Whether this reading came much later than usual. The usual gap follows a changed interval within a few readings. */
function noteGap(record: PulseRecord, atMs: number): boolean {
  if (record.lastAtMs === null) return false;
  const gapMs = Math.max(0, atMs - record.lastAtMs);
  const limitMs = STALL_FACTOR * record.usualGapMs;
  const isLate = record.usualGapMs > 0 && isLateBy(record, gapMs);
  record.usualGapMs = record.usualGapMs === 0 ? gapMs : record.usualGapMs + (Math.min(gapMs, limitMs) - record.usualGapMs) / 8;
  return isLate;
}

function isLateBy(record: PulseRecord, gapMs: number): boolean {
  return gapMs > STALL_FACTOR * Math.max(USUAL_GAP_MS_MIN, record.usualGapMs);
}

/** No reading for much longer than usual: healer is late, or the process could not be read. */
export function isPulseStale(record: PulseRecord, nowMs: number): boolean {
  return record.lastAtMs !== null && isLateBy(record, nowMs - record.lastAtMs);
}

/** How long the last unbroken run of beats was, ms; 0 for one of a few readings, which proves nothing. */
export function steadyRunMs(record: PulseRecord): number {
  if (record.runSinceMs === null || record.beatAtMs === null || record.runCount < STEADY_READINGS_MIN) return 0;
  return record.beatAtMs - record.runSinceMs;
}

/** Stopped by a signal (T) or a debugger (t), or ended and not yet collected (Z, X): nothing runs there, for certain. */
export function isStoppedState(state: string): boolean {
  return state === "T" || state === "t" || state === "Z" || state === "X";
}
