import type { OutsideCopy } from "../../core/copy.ts";
import type { Effect } from "../../core/effect.ts";
import type { JournalRecord } from "../../core/journal-record.ts";
import type { State } from "../../core/state.ts";
import type { WorkerRow } from "../../core/worker-row.ts";

/** A world whose healer is watched: what is true, beside what the core believes. */
export interface Witness {
  readonly state: State;
  readonly rows: ReadonlyMap<number, WorkerRow>;
  /** What runs beside PM2's rows; null = nobody looks. */
  readonly copies: readonly OutsideCopy[] | null;
  /** Everything the journal has acknowledged, over all lives of healer. */
  readonly journal: readonly JournalRecord[];
  readonly selfPids: readonly number[];
  /** An app that no strategy selects. */
  isStranger(name: string): boolean;
  /** Stopped by its operator, and not started since. */
  isStoppedByOperator(row: WorkerRow): boolean;
  /** How long its process has really lived, suspends left out; null = nobody can say what healer should think of it. */
  ageMs(row: WorkerRow): number | null;
  /** Whether a power cut now would leave this heal's record. */
  isOnDisk(healId: string): boolean;
}

export type Execute = Extract<Effect, { type: "execute" }>;

export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

export function broken(invariant: string, what: string): never {
  throw new Violation(invariant, what);
}
