import type { Effect } from "../src/core/effect.ts";
import type { Event, EventBody } from "../src/core/event.ts";
import type { BoundRule } from "../src/core/judgement.ts";
import type { LogRecord } from "../src/core/log-record.ts";
import type { Observation } from "../src/core/observation.ts";
import { settledStandings } from "../src/core/standing.ts";
import { createState, type State } from "../src/core/state.ts";
import { step } from "../src/core/step.ts";
import type { Knobs, Policy } from "../src/core/strategy.ts";
import { RULES } from "../src/rules/registry.ts";
import { corePolicy, KNOBS } from "../test/support/core-policy.ts";
import { randomFrom } from "../test/support/prng.ts";
import { ScriptedPm2, type ScriptedRow } from "../test/support/scripted-pm2.ts";

/**
 * One group of workers under the real core and its real rules, in virtual time, without a daemon: the thinnest world that
 * can run a hundred workers for hours within a second or two. What goes wrong in it is the bench's business.
 */
export interface FleetOptions {
  readonly workers: number;
  readonly seed: number;
  readonly knobs?: Partial<Knobs>;
  /** Names of registered rules, or rules of the bench's own. */
  readonly rules?: readonly (string | BoundRule)[];
  readonly budget?: Policy["budget"];
  /** How long an action takes. */
  readonly actionMs?: number;
}

export interface Restart {
  readonly atMs: number;
  readonly worker: number;
}

export const TURN_MS = 2000;
export const MINUTE_MS = 60_000;
export const UNLIMITED = { tokens: 1_000_000, refillMs: 1000 } as const;

const START_WALL_MS = Date.UTC(2026, 0, 1);
const UPTIME_MS = 3_600_000; // old enough that nobody is in its grace period
const APP = "app";

export class Fleet {
  readonly random: () => number;
  readonly pm2: ScriptedPm2;
  readonly rows: readonly ScriptedRow[];
  readonly ids: readonly string[];
  readonly restarts: Restart[] = [];
  readonly lines: (LogRecord & { readonly atMs: number })[] = [];
  /** Called when an action of healer's has been done to a worker. */
  onRestart: (worker: number) => void = () => {};
  nowMs = 0;
  readonly #state: State;
  readonly #actionMs: number;
  readonly #indexOf = new Map<number, number>();
  #acting: { readonly atMs: number; readonly run: () => void }[] = [];
  #listChanged = true;

  constructor(options: FleetOptions) {
    this.random = randomFrom(options.seed);
    this.#actionMs = options.actionMs ?? 1500;
    this.pm2 = new ScriptedPm2(() => this.#wallMs);
    const startedWallMs = this.#wallMs - UPTIME_MS;
    this.rows = Array.from({ length: options.workers }, (_, worker) =>
      this.pm2.add(APP, { instance: String(worker), startedWallMs, createdWallMs: startedWallMs }),
    );
    this.ids = this.rows.map((row, worker) => {
      this.#indexOf.set(row.pmId, worker);
      return `${APP}:${row.instance}`;
    });
    const knobs = { ...KNOBS, ...options.knobs };
    const rules = (options.rules ?? ["success-rate"]).map((rule) => (typeof rule === "string" ? bindRule(rule, knobs) : rule));
    const policy = corePolicy(rules, { knobs, ...(options.budget === undefined ? {} : { policy: { budget: options.budget } }) });
    this.#state = createState({ policy, self: { pids: [] }, seed: options.seed, atMs: 0, wallMs: this.#wallMs });
    this.#state.standings = settledStandings(policy); // a healer that has run for long
    this.#state.globals.tokens = policy.budget.tokens;
  }

  get state(): State {
    return this.#state;
  }

  /** One turn: what the workers did since the last one, and whatever the core makes of it. */
  turn(observations: readonly Observation[]): void {
    this.nowMs += TURN_MS;
    const due = this.#acting.filter(({ atMs }) => atMs <= this.nowMs);
    this.#acting = this.#acting.filter(({ atMs }) => atMs > this.nowMs);
    for (const { run } of due) run();
    const pm2 = this.#listChanged ? this.pm2.view() : null;
    this.#listChanged = false;
    this.#send({ type: "turn", pm2, observations, stalledMs: 0 });
  }

  /** Somebody else changed PM2's table: the next turn reads it anew. */
  changed(): void {
    this.#listChanged = true;
  }

  count(event: LogRecord["event"]): number {
    return this.lines.filter((line) => line.event === event).length;
  }

  get #wallMs(): number {
    return START_WALL_MS + this.nowMs;
  }

  #send(body: EventBody): void {
    const event: Event = { ...body, atMs: this.nowMs, wallMs: this.#wallMs };
    for (const effect of step(this.#state, event)) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    if (effect.type === "log") this.lines.push({ ...effect.record, atMs: this.nowMs });
    if (effect.type === "execute") this.#execute(effect);
    if (effect.type !== "journal" || !effect.ack || effect.record.healId === null) return;
    this.#send({ type: "durable", target: effect.record.target, healId: effect.record.healId, pm2: this.pm2.view() });
  }

  #execute(effect: Extract<Effect, { type: "execute" }>): void {
    const row = this.pm2.rows.get(effect.row.pmId);
    const run = (): void => {
      const { target, healId } = effect;
      if (row !== undefined) this.pm2.perform(effect.action, effect.step, row, effect.createdWallMs);
      const worker = this.#indexOf.get(effect.row.pmId) ?? 0;
      if (effect.step !== "stop") {
        this.restarts.push({ atMs: this.nowMs, worker });
        this.onRestart(worker);
      }
      this.#send({ type: "action_done", target, healId, ok: true, error: null, tookMs: this.#actionMs, pm2: this.pm2.view() });
    };
    this.#acting.push({ atMs: this.nowMs + this.#actionMs, run });
  }
}

export function bindRule(name: string, knobs: Knobs): BoundRule {
  const rule = RULES.find((candidate) => candidate.name === name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  return rule.bind(rule.params.parse({}), { key: name, observeOnly: false, knobs });
}

/** Poisson many. */
export function poisson(mean: number, random: () => number): number {
  let left = Math.exp(-mean);
  let count = 0;
  for (let draw = random(); draw > left; draw -= left, left *= mean / count) count++;
  return count;
}

export function tasksOf(target: string, atMs: number, drawn: { count: number; share: number }, random: () => number): Observation | null {
  if (drawn.count === 0) return null;
  let ok = 0;
  for (let task = 0; task < drawn.count; task++) if (random() < drawn.share) ok++;
  return { kind: "tasks", target, atMs, ok, failed: drawn.count - ok };
}

export function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / Math.max(1, figures.length);
}
