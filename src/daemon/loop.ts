import type { Observation } from "../core/observation.ts";
import type { ReducerClock } from "../world/clock/reducer-clock.ts";
import type { Engine } from "./engine.ts";
import type { Pm2Watch } from "./pm2-watch.ts";

const HINTED_TURN_GAP_MS = 100; // a crash loop hints a dozen times a second; each look costs PM2 a list
const STALLED_AFTER_TURNS = 5;
const STALLED_AFTER_MS = 10_000;

export interface LoopParts {
  readonly engine: Engine;
  readonly clock: ReducerClock;
  readonly watch: Pm2Watch;
  readonly startSensors: () => void;
  /** What has come in since the previous turn. */
  readonly observations: () => readonly Observation[];
  readonly intervalMs: () => number;
  /** After each complete turn: snapshot, systemd's watchdog. */
  readonly afterTurn: () => void;
}

/** The turn: look, decide, act. Regular ones every interval; an extra one soon after somebody died. Never two at once. */
export class Loop {
  readonly #parts: LoopParts;
  #timer: NodeJS.Timeout | null = null;
  #turning: Promise<void> | null = null;
  #hinted = false;
  #stopped = false;
  #turnedAtMs: number | null = null;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Asks for a turn before the next regular one. */
  hurry(): void {
    this.#hinted = true;
    if (this.#turning === null) this.#schedule();
  }

  start(): void {
    this.#runTurn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#turning;
  }

  #schedule(): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const sinceMs = this.#parts.clock.nowMs() - (this.#turnedAtMs ?? 0);
    const gapMs = this.#hinted ? Math.max(HINTED_TURN_GAP_MS, 5 * this.#parts.watch.listTookMs) : this.#parts.intervalMs();
    this.#timer = setTimeout(() => this.#runTurn(), Math.max(0, gapMs - sinceMs));
  }

  #runTurn(): void {
    this.#hinted = false;
    this.#turning = this.#turn().finally(() => {
      this.#turning = null;
      this.#schedule();
    });
  }

  async #turn(): Promise<void> {
    const { engine, clock, watch, startSensors, observations, intervalMs, afterTurn } = this.#parts;
    startSensors();
    const pm2 = await watch.read(clock.nowMs());
    const reading = clock.read();
    const gapMs = this.#turnedAtMs === null ? 0 : reading.nowMs - this.#turnedAtMs;
    const stalled = gapMs > Math.max(STALLED_AFTER_MS, STALLED_AFTER_TURNS * intervalMs());
    this.#turnedAtMs = reading.nowMs;
    if (this.#stopped) return;
    engine.dispatch({ type: "turn", pm2, observations: observations(), stalledMs: reading.suspendedMs + (stalled ? gapMs : 0) });
    afterTurn();
  }
}
