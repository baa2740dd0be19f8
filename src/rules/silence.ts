import type { TargetView } from "../core/judgement.ts";
import { tellsTurns } from "../core/loop-turns.ts";
import { isStoppedState, steadyRunMs, type PulseRecord } from "../core/pulse.ts";

/** null = the default of each kind of stillness. */
export interface Patience {
  readonly for: number | null;
}

/** SIGSTOP and tracing stop everything at once; 15 s leaves room for a person with a debugger or a core dump. */
const STOPPED_MS = 15_000;
/** A blocked event loop burns CPU or waits for ever; 90 s is beyond any honest synchronous task (decision-core §3). */
const STILL_MS = 90_000;
export const STILL_READINGS_MIN = 2;
/** PM2's agent tells once a second: three times is no chance. */
const LOOP_STILL_LISTS_MIN = 3;
const LOOP_STILL_MS_MIN = 3_000;
/** Silence in a wait counts only after a pulse that had not paused for that many times as long. */
export const STEADY_FACTOR = 6;

/** A process shows no sign of life of one kind: to the kernel, or to PM2. */
export interface Silence {
  readonly by: "kernel" | "loop";
  /** Since when; null = unknown. */
  readonly sinceMs: number | null;
  readonly readings: number;
  /** Readings that are no chance. */
  readonly readingsMin: number;
  /** How long it may last, ms. */
  readonly limitMs: number;
  /** It is the process's own fault. */
  readonly isBlamed: boolean;
}

/**
 * The silence that counts. A main thread that stands still shows it to the kernel at once. One that is blocked and makes garbage
 * meanwhile goes to sleep now and then, waiting for the threads that collect it; only its event loop shows that it is.
 */
export function silenceOf(pulse: PulseRecord, view: TargetView, patience: Patience): Silence {
  const limitMs = patienceMs(pulse.state, patience);
  const kernel = { ...kernelSilence(pulse), by: "kernel", limitMs, isBlamed: mayBeBlamed(pulse, view, patience) } as const;
  const { loop } = pulse;
  if (loop.stillCount === 0 || !tellsTurns(loop) || !isWatchedWhileRunning(view, patience)) return kernel;
  const isKernelEarlier = kernel.isBlamed && kernel.readings > 0 && (kernel.sinceMs ?? Infinity) <= (loop.turnAtMs ?? 0);
  if (isKernelEarlier) return kernel;
  const shown = { sinceMs: loop.turnAtMs, readings: loop.stillCount, readingsMin: LOOP_STILL_LISTS_MIN };
  return { ...shown, by: "loop", limitMs: Math.max(limitMs, LOOP_STILL_MS_MIN), isBlamed: true };
}

function kernelSilence(pulse: PulseRecord): Pick<Silence, "sinceMs" | "readings" | "readingsMin"> {
  const isStopped = isStoppedState(pulse.state);
  const [sinceMs, readings] = isStopped ? [pulse.notStoppedAtMs, pulse.stoppedCount] : [pulse.beatAtMs, pulse.stillCount];
  return { sinceMs, readings, readingsMin: STILL_READINGS_MIN };
}

/** Whose silence towards the kernel is its own fault. */
export function mayBeBlamed(pulse: PulseRecord, view: TargetView, patience: Patience): boolean {
  if (isStoppedState(pulse.state)) return true;
  if (!pulse.hasBeaten || !isWatchedWhileRunning(view, patience)) return false;
  return pulse.state === "R" || steadyRunMs(pulse) >= STEADY_FACTOR * patienceMs(pulse.state, patience);
}

export function isWatchedWhileRunning(view: TargetView, patience: Patience): boolean {
  return patience.for !== null || (view.row !== null && view.row.isNode);
}

/** Whether its event loop may stand still, or has yet to be seen turning: no proof that it is sick, and none that it is well. */
export function isLoopDoubtful({ loop, hasToldTurns, state }: PulseRecord): boolean {
  return tellsTurns(loop) ? loop.stillCount >= LOOP_STILL_LISTS_MIN - 1 : hasToldTurns && loop.turns === 0 && state === "R";
}

export function patienceMs(state: string, patience: Patience): number {
  return patience.for ?? (isStoppedState(state) ? STOPPED_MS : STILL_MS);
}
