import type { Observation } from "./observation.ts";

/**
 * What is known of the turns of a Node worker's event loop. PM2's agent in it tells its figures once a second, and never the
 * same twice (decision 0026): where they stand, the loop has not come round to telling them. Plain JSON.
 */
export interface LoopTurns {
  /** Lists of PM2 with other figures of this process than the one before. */
  turns: number;
  /** The last of them, or the list from which the silence had to start over. */
  turnAtMs: number | null;
  /** Lists since then with the same figures. */
  stillCount: number;
}

/** Who has only begun to tell is not known well enough for its silence to mean anything. */
export const LOOP_TURNS_MIN = 2;

export function freshLoopTurns(): LoopTurns {
  return { turns: 0, turnAtMs: null, stillCount: 0 };
}

/** Files what one list says. Changes `loop` in place. */
export function fileLoopTurn(loop: LoopTurns, { turned, atMs }: Extract<Observation, { kind: "loop-turn" }>): void {
  if (turned === false && loop.turnAtMs !== null) {
    loop.stillCount++;
    return;
  }
  if (turned === true) loop.turns++;
  loop.turnAtMs = atMs;
  loop.stillCount = 0;
}

/** Of the time up to `atMs` nothing is known: a silence starts over. */
export function voidLoopSilence(loop: LoopTurns, atMs: number): void {
  if (loop.turnAtMs === null) return;
  loop.turnAtMs = atMs;
  loop.stillCount = 0;
}

/** The last `ms` before `atMs` do not count: the process was inside the kernel, as who writes to a disk is now and then. */
export function pauseLoopSilence(loop: LoopTurns, atMs: number, ms: number): void {
  if (loop.turnAtMs !== null) loop.turnAtMs = Math.min(atMs, loop.turnAtMs + ms);
}

export function tellsTurns({ turns }: LoopTurns): boolean {
  return turns >= LOOP_TURNS_MIN;
}
