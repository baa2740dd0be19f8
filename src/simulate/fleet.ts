import type { WorkerRow } from "../core/worker-row.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./sim-process.ts";
import type { AppSpec, Sickness } from "./world-spec.ts";

const MB = 1024 * 1024;
const LEAK_BYTES_PER_S = 2 * MB;

interface Curse {
  readonly what: Sickness | { readonly crashAfterMs: number };
  readonly untilMs: number;
}

/** How well the workers are: what is broken in a process, in an instance whoever runs it, and in what a whole app needs. */
export class Fleet {
  readonly apps: ReadonlyMap<string, AppSpec>;
  readonly #random: Random;
  readonly #curses = new Map<string, Curse>();
  readonly #outages = new Map<string, { readonly rate: number; readonly untilMs: number }>();

  constructor(apps: readonly AppSpec[], random: Random) {
    this.apps = new Map(apps.map((app) => [app.name, app]));
    this.#random = random;
  }

  sicken(process: SimProcess, what: Sickness): void {
    if (what === "frozen") process.isFrozen = true;
    else if (what === "leak") process.leakBytesPerS = LEAK_BYTES_PER_S;
    else process.wedgedAt = what;
  }

  curse(app: string, instance: string, curse: Curse): void {
    this.#curses.set(`${app}:${instance}`, curse);
  }

  interrupt(app: string, outage: { readonly rate: number; readonly untilMs: number }): void {
    this.#outages.set(app, outage);
  }

  /** Whether what all workers of an app need is away. */
  isInterrupted(app: string, nowMs: number): boolean {
    return nowMs < (this.#outages.get(app)?.untilMs ?? 0);
  }

  healAll(processes: Iterable<SimProcess>): void {
    for (const process of processes) Object.assign(process, { wedgedAt: null, isFrozen: false, leakBytesPerS: 0 });
    this.#curses.clear();
    this.#outages.clear();
  }

  /** How long after this start it dies by itself; null = it does not. */
  crashesAfterMs(row: WorkerRow, nowMs: number): number | null {
    const what = this.#curseOf(row, nowMs);
    return typeof what === "object" && what !== null ? what.crashAfterMs * (0.5 + this.#random.next()) : null;
  }

  /** Does nothing and answers nobody. */
  isFrozen(row: WorkerRow, process: SimProcess, nowMs: number): boolean {
    return process.isFrozen || this.#curseOf(row, nowMs) === "frozen";
  }

  memoryBytes(row: WorkerRow, process: SimProcess, nowMs: number): number {
    const perS = this.#curseOf(row, nowMs) === "leak" ? LEAK_BYTES_PER_S : process.leakBytesPerS;
    return 80 * MB + perS * ((nowMs - process.bornMs) / 1000);
  }

  /** What it has finished in so long. */
  work(row: WorkerRow, process: SimProcess, span: { readonly nowMs: number; readonly ms: number }): { ok: number; failed: number } {
    const app = this.apps.get(row.name);
    if (app === undefined || this.isFrozen(row, process, span.nowMs)) return NOTHING;
    const count = this.#random.poisson((app.perMinute * span.ms) / 60_000);
    if (count === 0) return NOTHING;
    const ok = this.#random.binomial(count, this.#rateOf(app, row, process, span.nowMs));
    return { ok, failed: count - ok };
  }

  /** Tasks it is at, as its queue tells: many of a busy worker, mostly none of an idle one. */
  inHand(app: AppSpec): number {
    return this.#random.poisson(Math.min(2, app.perMinute / 10));
  }

  #rateOf(app: AppSpec, row: WorkerRow, process: SimProcess, nowMs: number): number {
    const cursed = this.#curseOf(row, nowMs);
    const outage = this.#outages.get(app.name);
    const away = outage !== undefined && nowMs < outage.untilMs ? outage.rate : 1;
    return Math.min(app.rate, process.wedgedAt ?? 1, away, typeof cursed === "number" ? cursed : 1);
  }

  #curseOf(row: WorkerRow, nowMs: number): Curse["what"] | null {
    if (this.#curses.size === 0) return null;
    const curse = this.#curses.get(`${row.name}:${row.instance}`);
    return curse !== undefined && nowMs < curse.untilMs ? curse.what : null;
  }
}

const NOTHING = { ok: 0, failed: 0 };
