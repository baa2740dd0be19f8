import type { Event, EventBody } from "../../src/core/event.ts";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import type { Observation } from "../../src/core/observation.ts";
import type { SavedState } from "../../src/core/persist.ts";
import { settledStandings } from "../../src/core/standing.ts";
import type { State } from "../../src/core/state.ts";
import { step } from "../../src/core/step.ts";
import type { Policy } from "../../src/core/strategy.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { newBooks } from "../../src/simulate/invariants/books.ts";
import type { Execute, Witness } from "../../src/simulate/invariants/witness.ts";
import { deepCopy } from "./deep-copy.ts";
import { PROBE } from "./small-policy.ts";
import { booted, invariantsOf, save, write } from "./small-disk.ts";
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

export function targetOf({ name, instance }: WorkerRow): string {
  return `${name}:${instance}`;
}
