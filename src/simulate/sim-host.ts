import type { Clock } from "../world/clock/clock.ts";

const START_WALL_MS = Date.UTC(2026, 0, 1);

/**
 * The machine's three clocks over suspends, reboots and hands that set the time. `runningMs` is the time during which the
 * machine was awake, that of the timeline.
 */
export class SimHost implements Clock {
  bootId = "boot-1";
  readonly #runningMs: () => number;
  #bootedAtMs = 0;
  #sleptMs = 0;
  #sleptSinceBootMs = 0;
  #wallSetByMs = 0;

  constructor(runningMs: () => number) {
    this.#runningMs = runningMs;
  }

  monotonicMs(): number {
    return this.#runningMs() - this.#bootedAtMs;
  }

  bootMs(): number {
    return this.monotonicMs() + this.#sleptSinceBootMs;
  }

  wallMs(): number {
    return START_WALL_MS + this.#runningMs() + this.#sleptMs + this.#wallSetByMs;
  }

  get isWallSet(): boolean {
    return this.#wallSetByMs !== 0;
  }

  setWall(byMs: number): void {
    this.#wallSetByMs += byMs;
  }

  sleep(ms: number): void {
    this.#sleptMs += ms;
    this.#sleptSinceBootMs += ms;
  }

  /** Off for so long, then booted. */
  reboot(offMs: number): void {
    this.#sleptMs += offMs;
    this.#sleptSinceBootMs = 0;
    this.#bootedAtMs = this.#runningMs();
    this.bootId = `boot-${Number(this.bootId.slice(5)) + 1}`;
  }
}
