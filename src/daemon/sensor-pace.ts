import type { Sensor } from "../sensors/sensor.ts";

const LOOKS_A_READING = 4; // a reading begins at most a quarter of its rhythm late
const LOOK_MS_MIN = 100;

/** Looks for sensors that are due between two turns, where any is quicker than the turns; else the turns alone start them. */
export class SensorPace {
  readonly #startDue: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(startDue: () => void) {
    this.#startDue = startDue;
  }

  keep(sensors: readonly Sensor[], turnMs: number): void {
    this.stop();
    const quickestMs = Math.min(...sensors.map(({ everyMs }) => everyMs));
    if (quickestMs < turnMs) this.#timer = setInterval(this.#startDue, Math.max(LOOK_MS_MIN, quickestMs / LOOKS_A_READING));
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
