import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import type { State } from "../core/state.ts";
import type { Digest } from "./digest.ts";
import { Fate, HealerDied } from "./fate.ts";
import { Invariants } from "./invariants/invariants.ts";
import type { Witness } from "./invariants/witness.ts";
import { SimActions } from "./sim-actions.ts";
import { SimBus } from "./sim-bus.ts";
import { SimDaemon } from "./sim-daemon.ts";
import { SimWorld } from "./sim-world.ts";
import type { Strays } from "./strays.ts";
import { Tally } from "./tally.ts";
import type { WorldSpec } from "./world-spec.ts";

const SELF_PID = 1; // of a healer that is no app of PM2's

/** A world under way, and healer's lives in it. Everything that happens is decided by its spec. */
export class Simulation extends SimWorld implements Witness {
  readonly invariants = new Invariants(this);
  readonly journal: JournalRecord[] = [];
  readonly tally = new Tally();
  selfPids: readonly number[] = [SELF_PID];
  daemon: SimDaemon | null = null;
  readonly fate = new Fate();
  turnMs: number;
  readonly #digest: Digest | null;
  readonly #recorded = new Set<string>();
  #turnDueMs = 0;
  #turnedAtMs = 0;
  #bus = new SimBus(this.pm2);

  constructor(spec: WorldSpec, digest: Digest | null = null) {
    super(spec);
    this.turnMs = spec.turnMs;
    this.#digest = digest;
    this.disk.before = this.fate.boundary;
    this.timeline.at(1_000, () => this.boot());
  }

  get state(): State {
    if (this.daemon === null) throw new Error("healer is dead");
    return this.daemon.state;
  }

  boot(): void {
    if (this.daemon !== null) return;
    const row = this.pm2.rowOf("healer", "0");
    this.selfPids = row?.pid == null ? [SELF_PID] : [SELF_PID, row.pid];
    this.alive(() => {
      this.daemon = this.#newLife();
      this.sensors.use(this.compiled.strategies);
      this.#turnDueMs = this.timeline.nowMs;
      this.#turnedAtMs = this.timeline.nowMs;
      this.#bus = new SimBus(this.pm2);
      this.#planTurn(this.daemon);
    });
  }

  /** Runs something in healer, and buries healer if it dies of it. */
  alive(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof HealerDied)) throw error;
      this.kill();
    }
  }

  /** Killed by somebody; its supervisor brings it back. */
  kill(): void {
    this.daemon?.die();
    this.daemon = null;
    this.tally.deaths++;
    this.invariants.healerDied();
    this.timeline.at(this.timeline.nowMs + this.fate.backMs, () => this.boot());
  }

  /** healer's next turn is late by so much. */
  stall(ms: number): void {
    this.#turnDueMs += ms;
  }

  #newLife(): SimDaemon {
    const { boundary } = this.fate;
    return new SimDaemon({
      timeline: this.timeline,
      host: this.host,
      disk: this.disk,
      actions: new SimActions({ timeline: this.timeline, pm2: this.pm2, processes: this.processes, boundary }),
      view: () => this.pm2.view(),
      copies: () => this.#look(),
      compiled: this.compiled,
      selfPids: this.selfPids,
      snapshotMs: this.spec.snapshotMs,
      boundary,
      alive: (run) => this.alive(run),
      onRecord: (record, seq) => {
        const key = `${seq} ${record.kind} ${record.healId} ${record.atMs}`; // found again by the next life
        if (this.#recorded.has(key)) return;
        this.#recorded.add(key);
        this.journal.push(record);
      },
      onJournalFailed: () => this.invariants.journalFailed(),
      onSaved: (atMs, what) => this.invariants.saved(atMs, what),
      onStep: (event, effects) => this.#watch(event, effects),
    });
  }

  #watch(event: Event, effects: readonly Effect[]): void {
    this.tally.step(effects);
    for (const effect of effects)
      if (effect.type === "log") this.heed(effect.record, this.state.targets.get(effect.record.target)?.row ?? null);
    this.#digest?.add(event, effects);
    this.invariants.check(event, effects);
  }

  #planTurn(daemon: SimDaemon): void {
    this.timeline.at(this.#turnDueMs, () => {
      if (this.daemon !== daemon) return;
      if (this.timeline.nowMs < this.#turnDueMs) return this.#planTurn(daemon); // stalled meanwhile
      this.alive(() => this.#turn(daemon));
      if (this.daemon === daemon) this.#planTurn(daemon);
    });
  }

  #turn(daemon: SimDaemon): void {
    const { nowMs } = this.timeline;
    const atMs = daemon.memory.clock.nowMs();
    const observations = this.sensors.look(daemon.state.targets.values(), { nowMs, atMs }, (row) => this.pm2.processOf(row));
    if (this.compiled.policy.strategies.some(({ knobs }) => knobs.maxWorkers !== null))
      observations.push({ kind: "copies", ...this.#look() });
    this.tally.turn(observations);
    const lateMs = nowMs - this.#turnDueMs;
    const sinceMs = nowMs - this.#turnedAtMs;
    this.#turnedAtMs = nowMs;
    this.#turnDueMs = nowMs + this.turnMs;
    const lateByMs = Math.max(lateMs, sinceMs - this.turnMs);
    daemon.turn({ pm2: this.#bus.news(), observations, lateMs: lateByMs, sinceMs });
  }

  #look(): ReturnType<Strays["look"]> {
    return this.strays.look(this.pm2.rows.values(), this.daemon?.memory.clock.nowMs() ?? 0);
  }
}
