import type { Compiled } from "../config/compiled.ts";
import type { Effect } from "../core/effect.ts";
import type { Event, EventBody } from "../core/event.ts";
import type { CopiesSeen, Observation, Pm2View } from "../core/observation.ts";
import type { State } from "../core/state.ts";
import { step } from "../core/step.ts";
import { restoreMemory, type Memory } from "../daemon/restore.ts";
import { stateHome } from "../record/state-home.ts";
import type { DaemonParts } from "./daemon-parts.ts";

export const HOME = stateHome({ HEALER_HOME: "/var/healer" }, "/home/app");

const CONFIRM_MS = 30; // a list of PM2's, asked for and read

/**
 * One life of healer: the real memory, journal and core, on a simulated disk, clock and PM2. Effects are performed in the
 * order and with the waiting of `daemon/engine.ts`, in virtual time.
 */
export class SimDaemon {
  readonly memory: Memory;
  readonly #parts: DaemonParts;
  #compiled: Compiled;
  #isDead = false;
  #actionsEnded = 0;
  #savedAtMs: number;
  #standings: State["standings"] | null = null;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#compiled = parts.compiled;
    const { disk, host, compiled, selfPids } = parts;
    this.memory = restoreMemory({ files: disk, home: HOME, clock: host, policy: compiled.policy, selfPids, host: "simulated" });
    if (this.memory.journal.state === "good") this.#toldBefore();
    else parts.onJournalFailed(); // what was read may be in the page cache alone
    this.#savedAtMs = Number.NEGATIVE_INFINITY; // the first turn saves, as that of the daemon does
  }

  #toldBefore(): void {
    for (const { seq, ...record } of this.memory.journal.recovered) {
      this.#parts.onRecord(record, seq);
      this.#parts.onSaved(record.atMs, "record");
    }
  }

  get state(): State {
    return this.memory.state;
  }

  get compiled(): Compiled {
    return this.#compiled;
  }

  die(): void {
    this.#isDead = true;
  }

  /** `pm2`: null where nothing can have changed since the last list. `lateMs`: how much later than planned this turn comes. */
  turn(seen: { pm2: Pm2View | string | null; observations: readonly Observation[]; lateMs: number; sinceMs: number }): void {
    const { clock } = this.memory;
    const intervalMs = this.#compiled.policy.intervalMs;
    const reading = clock.read();
    const isStalled = seen.lateMs > Math.max(12_000, 5 * intervalMs); // as `daemon/loop.ts` has it
    const stalledMs = reading.suspendedMs + (isStalled ? seen.sinceMs : 0);
    this.dispatch({ type: "turn", pm2: seen.pm2, observations: seen.observations, stalledMs });
    const { timeline, snapshotMs } = this.#parts;
    const isNews = this.state.standings !== this.#standings; // saved at once, as by `daemon/restore.ts`
    if (timeline.nowMs - this.#savedAtMs < snapshotMs && !isNews) return;
    this.#savedAtMs = timeline.nowMs;
    this.#standings = this.state.standings;
    if (this.memory.save("now") === null && this.memory.journal.state !== "corrupt") this.#parts.onSaved(this.state.nowMs, "all");
  }

  use(compiled: Compiled): void {
    this.#compiled = compiled;
    this.dispatch({ type: "policy", policy: compiled.policy });
  }

  dispatch(body: EventBody): void {
    const { clock, state } = this.memory;
    const event: Event = { ...body, atMs: clock.nowMs(), wallMs: clock.wallMs() };
    const effects = step(state, event);
    this.#parts.onStep(event, effects);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    if (effect.type === "log" || effect.type === "reply") return;
    this.#parts.boundary();
    if (effect.type === "execute") return this.#execute(effect);
    const { record, ack } = effect;
    const written = this.memory.journal.append(record);
    if (written.ok) {
      this.#parts.onRecord(record, written.value);
      this.#parts.onSaved(record.atMs, "record");
    }
    this.#parts.boundary();
    const { target, healId } = record;
    if (!written.ok) {
      const waiting = ack ? { target, healId } : { target: null, healId: null };
      this.#later(0, () => this.dispatch({ type: "journal_failed", ...waiting, error: written.error.message }));
    } else if (ack && healId !== null) this.#list((pm2) => this.dispatch({ type: "durable", target, healId, ...pm2 }));
  }

  #execute(effect: Extract<Effect, { type: "execute" }>): void {
    const { actions, timeline } = this.#parts;
    const { target, healId } = effect;
    const startedMs = timeline.nowMs;
    const stillAlive = (run: () => void): void => {
      if (!this.#isDead) this.#parts.alive(run);
    };
    actions.run(effect, stillAlive, (result) => {
      this.#actionsEnded++;
      const tookMs = timeline.nowMs - startedMs;
      this.#list((pm2) => this.dispatch({ type: "action_done", target, healId, ...result, tookMs, ...pm2 }));
    });
    this.#parts.boundary();
  }

  /** A list that no action has overtaken, as it was when it was asked for. */
  #list(then: (seen: { readonly pm2: Pm2View | string; readonly copies: CopiesSeen | null }) => void): void {
    const before = this.#actionsEnded;
    const pm2 = this.#parts.view();
    this.#later(CONFIRM_MS, () => {
      if (before === this.#actionsEnded) then({ pm2, copies: this.#parts.copies() });
      else this.#list(then);
    });
  }

  #later(ms: number, run: () => void): void {
    const { timeline, alive } = this.#parts;
    timeline.at(timeline.nowMs + ms, () => {
      if (!this.#isDead) alive(run);
    });
  }
}
