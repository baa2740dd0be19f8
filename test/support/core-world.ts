import type { OutsideCopy } from "../../src/core/copy.ts";
import type { Control, Phase } from "../../src/core/control.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { Command, Event, EventBody } from "../../src/core/event.ts";
import type { BoundRule } from "../../src/core/judgement.ts";
import type { Observation } from "../../src/core/observation.ts";
import { saveState } from "../../src/core/persist.ts";
import { settledStandings } from "../../src/core/standing.ts";
import type { State, Target } from "../../src/core/state.ts";
import { step } from "../../src/core/step.ts";
import type { Policy } from "../../src/core/strategy.ts";
import { bootedState, type Faults } from "./core-boot.ts";
import { bindRealRules } from "./core-real-rules.ts";
import { CoreRecord } from "./core-record.ts";
import { corePolicy, type PolicyChanges } from "./core-policy.ts";
import { outsideCopy, seenNow } from "./outside-copy.ts";
import { ScriptedPm2 } from "./scripted-pm2.ts";
import { FINE, scriptedRule, SICK, stormRule, type Script } from "./scripted-rules.ts";

export type Execute = Extract<Effect, { type: "execute" }>;
export type Reply = Extract<Effect, { type: "reply" }>;

export interface WorldOptions extends PolicyChanges {
  /** `scripted` (a probe the test speaks for, and crash loops), `real` (the registry's), or rules of the test's own. */
  readonly rules?: "scripted" | "real" | readonly BoundRule[];
  /** Apps and how many workers each has. */
  readonly apps?: Readonly<Record<string, number>>;
  /** How long the workers have run when the world begins. */
  readonly uptimeMs?: number;
  /** healer has never run here; else it has, under this policy, for long. */
  readonly firstStart?: boolean;
}

interface Pending {
  readonly atMs: number;
  /** What the daemon waits for dies with it; what PM2 has been told, it does. */
  readonly owner: "daemon" | "pm2";
  readonly run: () => void;
}

class DaemonDied extends Error {}

const TURN_MS = 2000;
const SNAPSHOT_MS = 10_000;
const START_MS = 1_000_000_000;
const START_WALL_MS = Date.UTC(2026, 10, 22);

/**
 * A daemon round the core, PM2 and a disk in virtual time: effects are performed as the real daemon performs them, and
 * everything it did is kept for the test to look at.
 */
export class CoreWorld extends CoreRecord {
  readonly scripts = new Map<string, Script>();
  readonly pm2: ScriptedPm2;
  /** Everything given to `step`, in order. */
  readonly events: Event[] = [];
  readonly executed: (Execute & { readonly atMs: number })[] = [];
  /** What the next turn's sensors will have seen. */
  readonly observations: Observation[] = [];
  /** What runs beside PM2's rows; each turn looks. null = nobody looks. */
  copies: OutsideCopy[] | null = null;
  /** Copies that survive being ended. */
  readonly immortal = new Set<number>();
  nowMs = START_MS;
  /** Between two turns. */
  turnMs = TURN_MS;
  /** Wall clock minus reducer time. */
  wallAheadMs = START_WALL_MS - START_MS;
  policy: Policy;
  /** healer's own pid and its parents'. */
  selfPids: readonly number[] = [];
  /** null while the daemon is dead. */
  daemon: State | null = null;
  faults: Faults = { journal: null, action: "ok", takesMs: 0, confirmTakesMs: 0, diesAfter: null };
  onStep: (event: Event, effects: readonly Effect[]) => void = () => {};
  #pending: Pending[] = [];
  #snapshot: { readonly json: string; readonly records: number } | null = null;
  #snapshotAtMs = 0;
  #nextTurnMs = START_MS + TURN_MS;
  #commands = 0;
  #copyCount = 0;

  constructor(options: WorldOptions = {}) {
    super();
    this.pm2 = new ScriptedPm2(() => this.wallMs);
    const { rules = "scripted" } = options;
    const policy = (bound: readonly BoundRule[]): Policy => corePolicy(bound, options);
    if (rules === "scripted") this.policy = policy([scriptedRule(this.scripts), stormRule()]);
    else this.policy = policy(rules === "real" ? bindRealRules(options.knobs ?? {}) : rules);
    const startedWallMs = this.wallMs - (options.uptimeMs ?? 3_600_000);
    for (const [name, count] of Object.entries(options.apps ?? { app: 1 })) {
      for (let instance = 0; instance < count; instance++)
        this.pm2.add(name, { instance: String(instance), startedWallMs, createdWallMs: startedWallMs });
    }
    this.boot();
    if (options.firstStart !== true) this.state.standings = settledStandings(this.policy);
    this.turn();
  }

  get wallMs(): number {
    return this.nowMs + this.wallAheadMs;
  }

  get state(): State {
    if (this.daemon === null) throw new Error("the daemon is dead");
    return this.daemon;
  }

  target(id: string): Target {
    const target = this.state.targets.get(id);
    if (target === undefined) throw new Error(`no target ${id}`);
    return target;
  }

  control(id: string): Control {
    return this.target(id).control;
  }

  phase<Name extends Phase["name"]>(id: string, name: Name): Extract<Phase, { name: Name }> {
    const { phase } = this.control(id);
    if (phase.name !== name) throw new Error(`${id} is ${phase.name}, not ${name}`);
    return phase as Extract<Phase, { name: Name }>;
  }

  sicken(...ids: readonly string[]): void {
    for (const id of ids) this.scripts.set(id, SICK);
  }

  cure(...ids: readonly string[]): void {
    for (const id of ids) this.scripts.set(id, FINE);
  }

  turn(stalledMs = 0): void {
    const observations = this.observations.splice(0);
    const { pm2, copies } = this.#seen();
    if (copies !== null) observations.push({ kind: "copies", ...copies });
    this.send({ type: "turn", pm2, observations, stalledMs });
    this.#drain();
    if (this.daemon !== null && this.nowMs - this.#snapshotAtMs >= SNAPSHOT_MS) this.save();
  }

  /** A process that runs an app's program outside PM2. */
  addCopy(group: string, change: Partial<OutsideCopy> = {}): OutsideCopy {
    const pid = 5_000 + ++this.#copyCount;
    const copy = outsideCopy({ group, script: `/srv/${group}.js`, pid, startTicks: pid, startedWallMs: this.wallMs, ...change });
    (this.copies ??= []).push(copy);
    return copy;
  }

  /** Lets time pass, turn by turn. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      const turnMs = this.daemon === null ? untilMs : Math.max(this.nowMs, this.#nextTurnMs);
      const next = Math.min(untilMs, turnMs, ...this.#pending.map(({ atMs }) => atMs));
      this.nowMs = Math.max(this.nowMs, next);
      this.#drain();
      if (this.nowMs < this.#nextTurnMs || this.daemon === null) continue;
      this.#nextTurnMs = this.nowMs + this.turnMs;
      this.turn();
    }
  }

  /** Lets time pass until the test sees what it waits for; fails after `maxMs`. */
  until(what: () => boolean, maxMs = 86_400_000): void {
    const deadlineMs = this.nowMs + maxMs;
    while (!what()) {
      if (this.nowMs >= deadlineMs) throw new Error(`did not happen within ${maxMs} ms: ${String(what)}`);
      this.advance(this.turnMs);
    }
  }

  untilPhase(id: string, name: Phase["name"], maxMs?: number): void {
    this.until(() => this.daemon?.targets.get(id)?.control.phase.name === name, maxMs);
  }

  command(command: Command, by = "operator"): Reply {
    const id = ++this.#commands;
    this.send({ type: "command", id, by, command });
    this.#drain();
    const reply = this.effects.findLast((effect) => effect.type === "reply" && effect.id === id);
    if (reply?.type !== "reply") throw new Error("no reply");
    return reply;
  }

  setPolicy(policy: Policy): void {
    this.policy = policy;
    this.send({ type: "policy", policy });
  }

  send(body: EventBody): void {
    if (this.daemon === null) return;
    // Through JSON: nothing the world changes later may reach into what the core was told.
    const event = JSON.parse(JSON.stringify({ ...body, policy: undefined, atMs: this.nowMs, wallMs: this.wallMs })) as Event;
    const told: Event = body.type === "policy" ? { ...event, type: "policy", policy: body.policy } : event;
    this.events.push(told);
    const effects = step(this.daemon, told);
    this.effects.push(...effects);
    this.onStep(told, effects);
    this.#untilItDies(() => {
      for (const effect of effects) {
        if (effect.type === "journal") this.#write(effect);
        if (effect.type === "execute") this.#execute(effect);
      }
    });
  }

  save(): void {
    this.#snapshot = { json: JSON.stringify(saveState(this.state)), records: this.journal.length };
    this.#snapshotAtMs = this.nowMs;
  }

  kill(): void {
    this.daemon = null;
    this.#pending = this.#pending.filter(({ owner }) => owner === "pm2");
  }

  /** Starts the daemon as `daemon/restore.ts` does: the snapshot, then every later record of the journal laid over it. */
  boot(): void {
    const { policy, selfPids, nowMs, wallMs } = this;
    const later = this.journal.slice(this.#snapshot?.records ?? 0);
    this.daemon = bootedState({ policy, selfPids, nowMs, wallMs, snapshot: this.#snapshot?.json ?? null, later });
  }

  #drain(): void {
    for (;;) {
      const due = this.#pending.filter(({ atMs }) => atMs <= this.nowMs).sort((one, other) => one.atMs - other.atMs)[0];
      if (due === undefined) return;
      this.#pending = this.#pending.filter((pending) => pending !== due);
      this.#untilItDies(due.run);
    }
  }

  #later(owner: Pending["owner"], inMs: number, run: () => void): void {
    this.#pending.push({ owner, atMs: this.nowMs + inMs, run });
  }

  #write({ record, ack }: Extract<Effect, { type: "journal" }>): void {
    this.#boundary();
    const { target, healId } = record;
    const error = this.faults.journal;
    if (error !== null) {
      const waiting = ack ? { target, healId } : { target: null, healId: null };
      return this.#later("daemon", 0, () => this.send({ type: "journal_failed", ...waiting, error }));
    }
    this.journal.push(record);
    this.#boundary();
    if (ack && healId !== null)
      this.#later("daemon", this.faults.confirmTakesMs, () => this.send({ type: "durable", target, healId, ...this.#seen() }));
  }

  #seen(): ReturnType<typeof seenNow> {
    return seenNow(this.pm2, this.copies, this.nowMs);
  }

  #execute(effect: Execute): void {
    this.#boundary();
    this.executed.push({ ...effect, atMs: this.nowMs });
    const { takesMs } = this.faults;
    const { generation } = this.pm2; // what the old PM2 was told dies with it
    const result = this.pm2.lost === null ? this.faults.action : "error";
    const halves = effect.action === "stop-start" && effect.step === "all" ? (["stop", "start"] as const) : [effect.step];
    halves.forEach((half, index) => {
      const owner = index === 0 ? "pm2" : "daemon"; // the second call is only made by a daemon that lives
      if (result !== "error")
        this.#later(owner, (takesMs * (index + 1)) / (halves.length + 1), () => this.#performed(effect, half, generation));
    });
    if (result === "silent") return;
    const { target, healId } = effect;
    const error = result === "ok" ? null : "PM2 says no";
    this.#later("daemon", takesMs, () =>
      this.send({ type: "action_done", target, healId, ok: error === null, error, tookMs: takesMs, ...this.#seen() }),
    );
  }

  #performed(effect: Execute, half: Execute["step"], generation: string): void {
    const row = this.pm2.rows.get(effect.row.pmId);
    const ended = new Set(effect.ends.map(({ pid }) => pid).filter((pid) => !this.immortal.has(pid)));
    this.copies = this.copies?.filter(({ pid }) => !ended.has(pid)) ?? null;
    if (effect.action === "trim" && effect.ends.length > 0) return this.#boundary();
    if (row !== undefined && generation === this.pm2.generation) this.pm2.perform(effect.action, half, row, effect.createdWallMs);
    this.#boundary();
  }

  #boundary(): void {
    if (this.faults.diesAfter === null || this.daemon === null) return;
    if (this.faults.diesAfter-- > 0) return;
    this.faults.diesAfter = null;
    throw new DaemonDied();
  }

  #untilItDies(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof DaemonDied)) throw error;
      this.kill();
    }
  }
}
