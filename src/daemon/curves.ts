import type { Curve, DaemonStatus } from "./status.ts";

/** Every ten seconds for an hour, and every five minutes for a day: 13 KB a target. */
const RESOLUTIONS = [
  { stepS: 10, points: 360 },
  { stepS: 300, points: 288 },
] as const;
/** With room for a page whose clock is off, and for the way here. */
const FINE_MS_MAX = (RESOLUTIONS[0].stepS * RESOLUTIONS[0].points + 60) * 1000;
const KEYS_MAX = 2_000;

const OF_A_TARGET = ["success_rate", "success_low", "success_high", "memory_bytes"] as const;
const OF_A_QUEUE = ["pending", "running"] as const;
const OF_A_GPU = ["utilization_percent", "memory_used_bytes", "temperature_c"] as const;

/** The last day in figures, for the curves people look at. Kept in memory: no decision reads it. */
export class Curves {
  readonly #rings = new Map<string, readonly Ring[]>();
  #sampledSlot = -1;

  /** Called after each turn; looks at the status once in ten seconds. */
  sample(wallMs: number, status: () => DaemonStatus): void {
    const slot = Math.floor(wallMs / 1000 / RESOLUTIONS[0].stepS);
    if (slot === this.#sampledSlot) return;
    this.#sampledSlot = slot;
    const now = status();
    const wallS = wallMs / 1000;
    for (const { id, success, memory_bytes: memory } of now.targets) {
      const { rate = null, low = null, high = null } = success.hour ?? {};
      this.#note(id, OF_A_TARGET, { wallS, values: [rate, low, high, memory] });
    }
    for (const { name, pending, running } of now.queues) this.#note(`queue:${name}`, OF_A_QUEUE, { wallS, values: [pending, running] });
    for (const gpu of now.host?.gpus ?? []) {
      const values = [gpu.utilization_percent, gpu.memory_used_bytes, gpu.temperature_c];
      this.#note(`gpu:${gpu.index}`, OF_A_GPU, { wallS, values });
    }
  }

  /** `key`: a target's id, `queue:NAME` or `gpu:INDEX`. Null = nothing is known of it. */
  of(key: string, span: { readonly sinceWallMs: number; readonly wallMs: number }): Curve | null {
    const rings = this.#rings.get(key);
    const isShort = span.wallMs - span.sinceWallMs <= FINE_MS_MAX;
    return rings?.[isShort ? 0 : 1]?.read(span.sinceWallMs / 1000, span.wallMs / 1000) ?? null;
  }

  #note(key: string, names: readonly string[], point: Point): void {
    let rings = this.#rings.get(key);
    if (rings === undefined) {
      const [oldest] = this.#rings.keys();
      if (this.#rings.size >= KEYS_MAX && oldest !== undefined) this.#rings.delete(oldest);
      rings = RESOLUTIONS.map((resolution) => new Ring(names, resolution));
    } else this.#rings.delete(key);
    this.#rings.set(key, rings); // in order of use, so that the oldest is who is gone
    for (const ring of rings) ring.note(point);
  }
}

interface Point {
  readonly wallS: number;
  readonly values: readonly (number | null)[];
}

class Ring {
  readonly #names: readonly string[];
  readonly #stepS: number;
  readonly #slots: Int32Array;
  readonly #values: Float32Array;

  constructor(names: readonly string[], { stepS, points }: (typeof RESOLUTIONS)[number]) {
    this.#names = names;
    this.#stepS = stepS;
    this.#slots = new Int32Array(points);
    this.#values = new Float32Array(points * names.length);
  }

  /** The newest of a slot stands. */
  note({ wallS, values }: Point): void {
    const slot = Math.floor(wallS / this.#stepS);
    const index = slot % this.#slots.length;
    this.#slots[index] = slot;
    for (const [channel, value] of values.entries()) this.#values[index * this.#names.length + channel] = value ?? NaN;
  }

  /** Slots in which healer did not run are left out. */
  read(fromS: number, toS: number): Curve {
    const newest = Math.floor(toS / this.#stepS);
    const first = Math.max(Math.floor(fromS / this.#stepS), newest - this.#slots.length + 1);
    const slots = Array.from({ length: Math.max(0, newest - first + 1) }, (_, index) => first + index).filter(
      (slot) => this.#slots[slot % this.#slots.length] === slot,
    );
    const series = this.#names.map((name, channel) => [name, slots.map((slot) => this.#value(slot, channel))] as const);
    return { step_s: this.#stepS, at: slots.map((slot) => slot * this.#stepS), series: Object.fromEntries(series) };
  }

  #value(slot: number, channel: number): number | null {
    const value = this.#values[(slot % this.#slots.length) * this.#names.length + channel] ?? NaN;
    return Number.isNaN(value) ? null : value;
  }
}
