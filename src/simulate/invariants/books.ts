import type { Control } from "../../core/control.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import { newJournalBooks, type JournalBooks } from "./journal-books.ts";
import type { Execute } from "./witness.ts";

/**
 * What has been seen so far, in books of its own: nothing in them rests on what the core believes of itself. Plain data, so that a
 * world can be copied with them.
 */
export interface Books {
  /** Reducer time. */
  nowMs: number;
  /** Each target's control after the previous step. */
  readonly before: Map<string, Control>;
  readonly executed: (Execute & { readonly atMs: number; readonly generation: string | null })[];
  /** When a process was first there, reducer time, by "pid startedWallMs". */
  readonly seenAtMs: Map<string, number>;
  /** When healer was first told by a list that it is online. */
  readonly toldAtMs: Map<string, number>;
  /** The newest list that healer was given. */
  toldRows: readonly WorkerRow[];
  /** Heals a person asked for, and targets a person has reset: limits on healer's own decisions do not bind them. */
  readonly byHand: Set<string>;
  readonly resetAtMs: Map<string, number>;
  /** When the open circuit of a target allowed one heal on trial. */
  readonly trialsAtMs: Map<string, number[]>;
  /** When PM2 was last seen to answer or not to answer. */
  isPm2Lost: boolean;
  /** The smallest limits that were ever in force, by strategy. */
  readonly graceMsMin: Map<string, number>;
  /** Once the journal has failed, what the next healer remembers is older than what the last one knew. */
  journalHasFailed: boolean;
  /** Tasks each target was told of that went wrong, newest last: (reducer time, count). */
  readonly failures: Map<string, { atMs: number; failed: number }[]>;
  /** Tasks in hand, as last told; and since when each target has had a symptom without a break, by the lines in the log. */
  readonly running: Map<string, number>;
  readonly symptoms: Map<string, { readonly sinceMs: number; readonly rules: Set<string> }>;
  /** Since when each strategy is what it is (null = an edit that no healer remembers); and what the probe of its dependency answered last, newest last. */
  readonly strategySince: Map<string, StrategySince>;
  readonly dependencies: Map<string, { readonly url: string | null; readonly answers: readonly boolean[]; readonly atMs: number }>;
  /** The most that a configuration has allowed one target for an hour. */
  healsPerTargetMax: number;
  /** Reducer time of the newest record or state that is on disk, and of the newest state. */
  savedAtMs: number;
  allSavedAtMs: number;
  /** The most the bucket has allowed for an hour, over all configurations. */
  healsPerHourMax: number;
  /** By group. */
  readonly canaries: Map<string, string>;
  journal: JournalBooks;
}

export function newBooks(): Books {
  return {
    nowMs: 0,
    before: new Map(),
    executed: [],
    seenAtMs: new Map(),
    toldAtMs: new Map(),
    toldRows: [],
    canaries: new Map(),
    byHand: new Set(),
    resetAtMs: new Map(),
    trialsAtMs: new Map(),
    isPm2Lost: true,
    graceMsMin: new Map(),
    journalHasFailed: false,
    failures: new Map(),
    running: new Map(),
    symptoms: new Map(),
    strategySince: new Map(),
    dependencies: new Map(),
    healsPerHourMax: 0,
    healsPerTargetMax: 0,
    savedAtMs: 0,
    allSavedAtMs: 0,
    journal: newJournalBooks(),
  };
}

export interface StrategySince {
  readonly fingerprint: string | null;
  readonly atMs: number;
  /** When it was first seen to be that: what healer has not saved since, it does not know when it comes back. */
  readonly notedAtMs: number;
}

/** Two lives of one pid are two processes. */
export function processKey({ pid, startedWallMs }: { readonly pid: number | null; readonly startedWallMs: number | null }): string {
  return `${pid} ${startedWallMs}`;
}
