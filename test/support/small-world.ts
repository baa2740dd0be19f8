import type { Effect } from "../../src/core/effect.ts";
import type { Event, EventBody } from "../../src/core/event.ts";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import type { Observation } from "../../src/core/observation.ts";
import { saveState, type SavedState } from "../../src/core/persist.ts";
import { settledStandings } from "../../src/core/standing.ts";
import type { State } from "../../src/core/state.ts";
import { step } from "../../src/core/step.ts";
import type { Policy } from "../../src/core/strategy.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { newBooks, processKey } from "../../src/simulate/invariants/books.ts";
import { Invariants } from "../../src/simulate/invariants/invariants.ts";
import type { Execute, Witness } from "../../src/simulate/invariants/witness.ts";
import { bootedState } from "./core-boot.ts";
import { deepCopy } from "./deep-copy.ts";
import { relativeDigest } from "./relative-digest.ts";
import { PROBE } from "./small-policy.ts";
import { SmallPm2 } from "./small-pm2.ts";

const START_MS = 1_000_000_000;
const WALL_AHEAD_MS = Date.UTC(2026, 10, 22) - START_MS;
const SNAPSHOT_MS = 10_000;

/** Told to PM2 and not over yet. */
interface Ordered {
  readonly effect: Execute;
  /** The PM2 that was told. */
  readonly generation: number;
  /** healer has died since: nobody waits for the answer. */
  readonly isOrphan: boolean;
}

/**
 * The smallest world round the core in which everything can go wrong, and plain data all through: it can be copied, and two of them
 * can be found to be the same. healer lives always; where it dies it is back at once, from what is on disk.
 */
export class SmallWorld implements Witness {
  readonly policy: Policy;
  readonly pm2: SmallPm2;
  nowMs = START_MS;
  state: State;
  readonly journal: JournalRecord[] = [];
  snapshot: { readonly saved: SavedState; readonly records: number; readonly atMs: number } | null = null;
  /** By app:INSTANCE: the probe of these fails. */
  readonly sick = new Set<string>();
  /** Rows that an operator has stopped. */
  readonly stopped = new Set<number>();
  ordered: Ordered[] = [];
  /** `fails`: nothing can be written. `dies`: healer dies when it writes next, before it has written. */
  disk: "ok" | "fails" | "dies" = "ok";
  /** Confirmations that a record is on disk take their time, and wait in `confirmed`. */
  isSlow = false;
  confirmed: { readonly target: string; readonly healId: string }[] = [];
  readonly books = newBooks();
  readonly copies = null;
  readonly selfPids: readonly number[] = [];

  constructor(policy: Policy, apps: Readonly<Record<string, number>>) {
    this.policy = policy;
    this.pm2 = new SmallPm2(apps, this.nowMs, this.wallMs);
    this.state = booted(this);
    this.state.standings = settledStandings(policy);
    this.turn();
  }

  get wallMs(): number {
    return this.nowMs + WALL_AHEAD_MS;
  }

  get rows(): ReadonlyMap<number, WorkerRow> {
    return this.pm2.rows;
  }

  isStranger(): boolean {
    return false;
  }

  isStoppedByOperator({ pmId }: WorkerRow): boolean {
    return this.stopped.has(pmId);
  }

  ageMs({ startedWallMs }: WorkerRow): number | null {
    return startedWallMs === null ? null : this.wallMs - startedWallMs;
  }

  isOnDisk(healId: string): boolean {
    return this.journal.some((record) => record.healId === healId);
  }

  /** Another world, the same in all; what is never changed is shared. */
  copy(): SmallWorld {
    const shared: object[] = [this.policy, ...this.journal, ...this.rows.values()];
    if (this.snapshot !== null) shared.push(this.snapshot);
    return deepCopy(this as SmallWorld, new Map(shared.map((one) => [one, one])));
  }

  /**
   * Equal for worlds with the same future, however late it is and whatever pids and ids have been used up. That is sound because
   * neither the core nor the invariants nor this world asks how late it is, only how long ago something was (I13), and the
   * policy has no jitter and no calendar. Left out is what nobody will read again: of the journal what the snapshot covers (but for
   * heals that are open, whose newest record is looked at when they act), notes and lines for people, and of processes that are gone
   * when they were first seen. `test/core/exhaustive.test.ts` looks whether worlds of one digest do have the same future.
   */
  digest(): number {
    const { policy: _policy, watchdog, globals, ...state } = this.state;
    const { executed, seenAtMs, symptomsAtMs: _symptoms, before: _before, trialsAtMs, resetAtMs, journal, ...books } = this.books;
    const later = this.journal.slice(this.snapshot?.records ?? 0).map(({ note: _note, ...record }) => record);
    const open = [...journal.open].map(([target, id]) => [target, id, this.journal.findLast(({ healId }) => healId === id)?.control]);
    const seen = [...this.rows.values()].map((row) => seenAtMs.get(processKey(row)));
    const done = executed.map(({ target, healId, step: half, row, action }) => [target, healId, half, row.pmId, action]);
    const counted = [...[...executed, ...watchdog.done].map(({ atMs }) => atMs), ...resetAtMs.values(), ...[...trialsAtMs.values()].flat()];
    const told = [state, { ...globals, healCount: 0 }, watchdog, books, resetAtMs, trialsAtMs, done, { counted }, later, open, seen];
    const { pm2, snapshot, ordered, confirmed, disk, isSlow, nowMs, wallMs } = this;
    const people = [[...this.sick].sort(), [...this.stopped].sort((one, other) => one - other)];
    const world = [pm2, snapshot?.saved, snapshot?.atMs, people, ordered, confirmed, disk, isSlow];
    return relativeDigest([told, world], { nowMs, wallMs, healCount: globals.healCount });
  }

  turn(): void {
    const atMs = this.nowMs;
    const observations: Observation[] = [];
    for (const row of this.rows.values()) {
      const target = targetOf(row);
      if (row.pid !== null) observations.push({ kind: "probe", target, rule: PROBE, atMs, ok: !this.sick.has(target), detail: "HTTP 500" });
    }
    this.tell({ type: "turn", pm2: this.pm2.view(this.wallMs), observations, stalledMs: 0 });
    if (this.snapshot === null || this.nowMs - this.snapshot.atMs >= SNAPSHOT_MS) save(this);
  }

  /** healer hears of something, and does what it then wants done. */
  tell(body: EventBody): void {
    const event: Event = { ...body, atMs: this.nowMs, wallMs: this.wallMs };
    const effects = step(this.state, event);
    invariantsOf(this).check(event, effects);
    const next: EventBody[] = [];
    for (const effect of effects) {
      if (effect.type === "execute") this.ordered.push({ effect, generation: this.pm2.generation, isOrphan: false });
      if (effect.type !== "journal") continue;
      if (this.disk === "dies") return this.die();
      const answer = write(this, effect);
      if (answer !== null) next.push(answer);
    }
    for (const one of next) this.tell(one);
  }

  confirm({ target, healId }: { readonly target: string; readonly healId: string }): void {
    this.tell({ type: "durable", target, healId, pm2: this.pm2.view(this.wallMs) });
  }

  /** PM2 does what it was told, or half of it; whom that starts is no longer stopped by anybody. */
  perform({ action, row: { pmId }, createdWallMs }: Execute, half: Execute["step"]): void {
    this.pm2.perform(action, half, pmId, { nowMs: this.nowMs, wallMs: this.wallMs, createdWallMs });
    if (this.rows.get(pmId)?.pid !== null) this.stopped.delete(pmId);
  }

  /** healer hears how it ended. */
  answer({ target, healId }: Execute, error: string | null): void {
    this.tell({ type: "action_done", target, healId, ok: error === null, error, tookMs: 0, pm2: this.pm2.view(this.wallMs) });
  }

  die(): void {
    if (this.disk === "dies") this.disk = "ok";
    this.confirmed = [];
    this.ordered = this.ordered.map((one) => ({ ...one, isOrphan: true }));
    invariantsOf(this).healerDied();
    this.state = booted(this);
    this.turn();
  }
}

function booted({ policy, selfPids, nowMs, wallMs, snapshot, journal }: SmallWorld): State {
  const later = journal.slice(snapshot?.records ?? 0);
  return bootedState({ policy, selfPids, nowMs, wallMs, snapshot: snapshot === null ? null : JSON.stringify(snapshot.saved), later });
}

function save(world: SmallWorld): void {
  const saved = deepCopy(saveState(world.state), new Map());
  world.snapshot = { saved, records: world.journal.length, atMs: world.nowMs };
  invariantsOf(world).saved(world.nowMs);
}

/** What healer is told of it, and at once; null = nothing, or later. */
function write(world: SmallWorld, { record, ack }: Extract<Effect, { type: "journal" }>): EventBody | null {
  const { target, healId } = record;
  if (world.disk === "fails")
    return { type: "journal_failed", ...(ack ? { target, healId } : { target: null, healId: null }), error: "disk full" };
  world.journal.push(record);
  invariantsOf(world).saved(record.atMs);
  if (!ack || healId === null) return null;
  if (!world.isSlow) return { type: "durable", target, healId, pm2: world.pm2.view(world.wallMs) };
  world.confirmed.push({ target, healId });
  return null;
}

function invariantsOf(world: SmallWorld): Invariants {
  return new Invariants(world, world.books);
}

export function targetOf({ name, instance }: WorkerRow): string {
  return `${name}:${instance}`;
}
