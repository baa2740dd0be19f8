import { isInFlight, type Control, type Phase } from "../../src/core/control.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { Event } from "../../src/core/event.ts";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import type { Target } from "../../src/core/state.ts";
import { resolveMaxUnavailable } from "../../src/core/strategy.ts";
import { mayEnd } from "../../src/core/trim-plan.ts";
import { strategyOf } from "../../src/core/turn.ts";
import type { CoreWorld, Execute } from "./core-world.ts";

const HOUR_MS = 3_600_000;

type Log = Extract<Effect, { type: "log" }>["record"];

/**
 * Watches a world and throws the moment one of the decision core's invariants (decision-core §4.4) is broken. It keeps
 * its own books: nothing it says rests on what the core believes of itself, except where a phase is what is asked about.
 */
export class CoreInvariants {
  readonly #world: CoreWorld;
  #before = new Map<string, Control>();
  #nowMs = 0;
  /** When a process was first there, in time that neither sleeps nor is set. */
  readonly #seenAtMs = new Map<number, number>();
  /** What was read from the journal: how far, heals begun and heals ended. */
  #read = 0;
  readonly #open = new Map<string, string>();
  readonly #ended = new Set<string>();
  readonly #executed: (Execute & { readonly atMs: number })[] = [];
  /** Heals a person asked for, and targets a person has reset: limits on healer's own decisions do not bind them. */
  readonly #byHand = new Set<string>();
  readonly #resetAtMs = new Map<string, number>();
  /** The shortest grace period that was ever in force. */
  graceMs: number;
  /** Once the journal has failed, what the next daemon remembers is older than what the last one knew. */
  journalHasFailed = false;

  constructor(world: CoreWorld) {
    this.#world = world;
    this.graceMs = world.policy.strategies[0]?.knobs.gracePeriodMs ?? 0;
    world.onStep = (event, effects) => this.check(event, effects);
  }

  /** After every step of the core. */
  check(event: Event, effects: readonly Effect[]): void {
    const { state } = this.#world;
    if (state.nowMs < this.#nowMs) broken("I13", `time went back from ${this.#nowMs} to ${state.nowMs}`);
    this.#nowMs = state.nowMs;
    for (const { pid } of this.#world.pm2.rows.values()) if (pid !== null && !this.#seenAtMs.has(pid)) this.#seenAtMs.set(pid, state.nowMs);
    if (event.type === "journal_failed") this.journalHasFailed = true;
    for (const effect of effects) {
      if (effect.type === "journal" && effect.record.kind === "intent") this.#checkIntent(effect.record);
      if (effect.type === "execute") this.#checkExecute(effect, event);
    }
    const logs = effects.flatMap((effect) => (effect.type === "log" ? [effect.record] : []));
    for (const target of state.targets.values()) this.#checkChange(target, event, logs);
    this.#before = new Map([...state.targets].map(([id, { control }]) => [id, control]));
    this.#checkJournal();
  }

  /** The daemon died: the next one is compared with what was durable, which the journal tells. */
  daemonDied(): void {
    this.#before = new Map();
  }

  #checkIntent(record: JournalRecord): void {
    const { state } = this.#world;
    const target = state.targets.get(record.target);
    if (target === undefined) broken("I9", `an intent about ${record.target}, which is no target`);
    const { phase } = target.control;
    if (phase.name !== "intent" || phase.heal.id !== record.healId)
      broken("I1", `an intent of ${record.target} that its phase does not carry`);
    if (phase.heal.by !== null) this.#byHand.add(phase.heal.id);
    if (strategyOf(state, target).mode === "observe") broken("I15", `an intent about ${target.id} in mode observe`);
    if (phase.step === "stop") return;
    const group = state.groups.get(target.group);
    const others = (group?.members ?? []).map((id) => state.targets.get(id)).filter((member) => member !== undefined && member !== target);
    const healing = others.filter((member) => member !== undefined && isBeingHealed(member.control.phase)).length;
    const limit = resolveMaxUnavailable(strategyOf(state, target).knobs.maxUnavailable, group?.members.length ?? 1);
    if (target.kind === "worker" && healing + 1 > limit) broken("I2", `${healing + 1} of ${target.group} in flight, at most ${limit}`);
    if (target.kind === "group" && healing > 0) broken("I2", `a heal of ${target.id} beside one of its workers`);
    const incident = group?.incident ?? null;
    if (incident !== null && incident.phase !== "generalise" && healing > 0)
      broken("I11", `a second heal in the incident of ${target.group}`);
  }

  #checkExecute(effect: Execute, event: Event): void {
    const { state, journal, selfPids } = this.#world;
    if (event.type !== "durable") broken("I18", `an execution in answer to ${event.type}`);
    const written = journal.findLast(({ healId }) => healId === effect.healId);
    const phase = (written?.control as Control | undefined)?.phase;
    if (phase?.name !== "intent" || phase.step !== effect.step)
      broken("I6", `${effect.healId} ${effect.step} executed, on disk is ${phase?.name}`);
    const { row } = effect;
    if (row.isModule || (row.pid !== null && selfPids.includes(row.pid)) || row.name === "stranger")
      broken("I9", `${row.name} was touched`);
    const ended = JSON.stringify(effect.ends.map(({ pid }) => pid)); // of a trim a row may stand for its app's limits several times
    const same = this.#executed.filter(
      (other) =>
        other.healId === effect.healId &&
        other.step === effect.step &&
        other.row.pmId === row.pmId &&
        JSON.stringify(other.ends.map(({ pid }) => pid)) === ended,
    );
    if (same.length > 0 && !this.#mayComeTwice(effect)) broken("I7", `${effect.healId} ${effect.step} executed twice`);
    if (effect.action === "trim") this.#checkTrim(effect);
    if (effect.action === "replace") this.#checkReplace(effect);
    this.#checkGrace(effect);
    this.#executed.push({ ...effect, atMs: state.nowMs });
    this.#checkRates(effect.target);
  }

  /** A start of what is still down, and a delete of what is still there: what it is to bring about has not come about. */
  #mayComeTwice({ step, row }: Execute): boolean {
    if (step === "start") return row.pid === null;
    return (step === "remove" || step === "undo") && this.#world.pm2.rows.has(row.pmId);
  }

  /** Never two added, never both taken: the old one goes when the new one has been up for 10 s, the new one while the old is there. */
  #checkReplace({ row, step, healId }: Execute): void {
    const rows = [...this.#world.pm2.rows.values()].filter((other) => other.name === row.name && other.instance === row.instance);
    if (step === "add") {
      if (rows.length > 1) broken("R1", `a third ${row.name}:${row.instance} is added`);
      return;
    }
    const others = rows.filter((other) => other.pmId !== row.pmId);
    if (others.length === 0) broken("R1", `the last ${row.name}:${row.instance} is deleted by ${step}`);
    const added = this.#executed.find((other) => other.healId === healId && other.step === "add" && other.row.instance === row.instance);
    if (step === "undo" && row.pmId === added?.row.pmId) broken("R1", `${step} deletes the old one`);
    if (step === "remove" && row.pmId !== added?.row.pmId) broken("R1", `${step} deletes another than the old one`);
    const isFirst = !this.#executed.some((other) => other.healId === healId && other.step === "remove" && other.row.pmId === row.pmId);
    const up = others.filter(
      (other) => other.status === "online" && this.#nowMs - (this.#seenAtMs.get(other.pid ?? 0) ?? this.#nowMs) >= 10_000,
    );
    if (step === "remove" && isFirst && up.length === 0) broken("R1", `the old ${row.name}:${row.instance} goes before the new one is up`);
  }

  /** I10: never fewer than may be are left, the oldest row goes, and of copies only what the configuration names. */
  #checkTrim({ row, ends, healId }: Execute): void {
    const { pm2, copies, policy } = this.#world;
    const knobs = policy.strategies[0]?.knobs;
    const keep = this.#byHand.has(healId) ? 1 : (knobs?.maxWorkers ?? 0);
    const online = [...pm2.rows.values()].filter((other) => other.name === row.name && other.status === "online" && other.pid !== null);
    const ending = (copies ?? []).filter(({ pid }) => ends.some((end) => end.pid === pid));
    for (const copy of ending)
      if (copy.owner === "other_daemon" || copy.untouchable !== null) broken("I9", `${copy.owner} pid ${copy.pid} was ended`);
    for (const { pid, startTicks } of ends)
      if (!(copies ?? []).some((copy) => copy.pid === pid && copy.startTicks === startTicks)) broken("I10", `pid ${pid} is another by now`);
    if (ends.length > 1) broken("I10", "two are ended at once");
    const counted = (copies ?? []).filter((copy) => copy.group === row.name && mayEnd(copy, knobs?.trimOutside ?? "none")).length;
    const left = online.length + counted - 1;
    if (left < keep) broken("I10", `${left} of ${row.name} are left, ${keep} may be`);
    if (ends.length > 0) return;
    // Who was restarted since the trim was decided is another than was meant by it.
    const decidedAtMs = this.#world.journal.find((record) => record.healId === healId)?.atMs ?? 0;
    const established = online.filter(({ pid }) => decidedAtMs - (this.#seenAtMs.get(pid ?? 0) ?? decidedAtMs) >= 15_000);
    const older = established.find(({ pmId, pid }) => pmId < row.pmId && pid !== row.pid);
    if (older !== undefined && established.length > keep) broken("I10", `pm_id ${row.pmId} removed while ${older.pmId} is older`);
  }

  /** I3: crash loops are stopped, and workers without a process restarted, also within grace (decision-core §4.5). */
  #checkGrace(effect: Execute): void {
    if (effect.action === "hold-down" || effect.action === "trim" || effect.step === "start" || this.#byHand.has(effect.healId)) return;
    const last = this.#executed.findLast(
      ({ target, healId, action }) => target === effect.target && healId !== effect.healId && action !== "trim",
    );
    if (last !== undefined && this.#nowMs - last.atMs < this.graceMs)
      broken("I3", `${effect.target} executed ${this.#nowMs - last.atMs} ms after its last execution`);
  }

  #checkRates(target: string): void {
    const { policy } = this.#world;
    const recent = this.#executed.filter(({ atMs, step, action }) => this.#nowMs - atMs < HOUR_MS && step !== "stop" && action !== "trim");
    const heals = new Set(recent.map(({ healId }) => healId)).size;
    const most = policy.budget.tokens + HOUR_MS / policy.budget.refillMs;
    if (heals > most) broken("I4", `${heals} heals within an hour, at most ${most}`);
    const sinceMs = this.#resetAtMs.get(target) ?? 0;
    const own = recent.filter((other) => other.target === target && other.atMs > sinceMs && !this.#byHand.has(other.healId));
    const ownMost = policy.strategies[0]?.knobs.maxHealsPerHour ?? 0;
    // A hold-down that opens the circuit for flapping is started once more, after the cool-down.
    if (new Set(own.map(({ healId }) => healId)).size > ownMost + 1)
      broken("I4", `${target} healed more than ${ownMost} times within an hour`);
  }

  #checkChange(target: Target, event: Event, logs: readonly Log[]): void {
    const before = this.#before.get(target.id);
    const { failedHeals, phase } = target.control;
    const threshold = strategyOf(this.#world.state, target).knobs.consecutiveFailuresThreshold;
    if (failedHeals > threshold) broken("I12", `the streak of ${target.id} is ${failedHeals}, at most ${threshold}`);
    if (event.type === "command" && logs.some((log) => log.event === "reset" && log.target === target.id))
      this.#resetAtMs.set(target.id, this.#nowMs);
    if (before === undefined) return;
    const told = (name: Log["event"], verdict?: string): boolean =>
      logs.some((log) => log.event === name && log.target === target.id && (verdict === undefined || log.more?.["verdict"] === verdict));
    const delta = failedHeals - before.failedHeals;
    if (delta > 1 || (delta === 1 && !told("heal_verdict", "failed") && !before.unproven))
      broken("I12", `the streak of ${target.id} grew unexplained`);
    if (delta < 0 && !told("heal_verdict", "recovered") && !told("circuit_closed") && !told("reset"))
      broken("I12", `the streak of ${target.id} shrank`);
    const wasOpen = before.phase.name === "open" ? before.phase : null;
    const leftEarly = wasOpen !== null && phase.name !== "open" && this.#nowMs < wasOpen.untilMs;
    if (leftEarly && !told("circuit_closed") && !told("reset") && event.type !== "command")
      broken("I5", `the circuit of ${target.id} closed early`);
  }

  /** I1 and I8 from the disk alone: one intent at a time, and never two outcomes of one. */
  #checkJournal(): void {
    const { journal } = this.#world;
    for (; this.#read < journal.length; this.#read++) {
      const { kind, target, healId } = journal[this.#read] ?? broken("I8", "the journal shrank");
      if (healId === null) continue;
      if (kind === "intent") {
        const other = this.#open.get(target);
        if (other !== undefined && !this.journalHasFailed) broken("I1", `${healId} of ${target} begun while ${other} has no outcome`);
        this.#open.set(target, healId);
      }
      if (kind !== "outcome") continue;
      if (this.#ended.has(healId)) broken("I8", `${healId} ended twice`);
      this.#ended.add(healId);
      this.#open.delete(target);
    }
  }
}

function isBeingHealed(phase: Phase): boolean {
  return isInFlight(phase) && "heal" in phase && phase.heal?.action !== "hold-down";
}

function broken(invariant: string, what: string): never {
  throw new Error(`${invariant}: ${what}`);
}
