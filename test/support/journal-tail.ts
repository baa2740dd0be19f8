import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Control } from "../../src/core/control.ts";
import type { Globals } from "../../src/core/state.ts";
import { decodeSegment, type SequencedRecord } from "../../src/record/journal-frame.ts";

/** A journal record with what it says of its target and of everybody, typed: healer itself wrote it. */
export interface JournalEntry extends Omit<SequencedRecord, "control" | "globals" | "note"> {
  readonly control: Control;
  readonly globals: Globals;
  readonly note: Readonly<Record<string, unknown>>;
}

export interface JournalTail {
  /** All records so far, oldest first. */
  readonly entries: readonly JournalEntry[];
  /** Reads what has come in; true if anything has. */
  look(): boolean;
}

/** Follows a journal that another process writes, file by file. Only whole frames count. */
export function tailJournal(dir: string): JournalTail {
  const entries: JournalEntry[] = [];
  const readUpTo = new Map<string, number>();
  return {
    entries,
    look() {
      const before = entries.length;
      const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".log")) : [];
      for (const name of names.toSorted()) {
        const { records, validBytes } = decodeSegment(bytesFrom(join(dir, name), readUpTo.get(name) ?? 0));
        readUpTo.set(name, (readUpTo.get(name) ?? 0) + validBytes);
        const found = records.map((record) => record as unknown as JournalEntry);
        entries.push(...(isRepeated(found[0], entries.at(-1)) ? found.slice(1) : found));
      }
      return entries.length > before;
    },
  };
}

/** Each start writes the last record again, to the letter, before it believes it (docs/decisions/0003). */
function isRepeated(first: JournalEntry | undefined, last: JournalEntry | undefined): boolean {
  return first !== undefined && first.seq === last?.seq && JSON.stringify(first) === JSON.stringify(last);
}

function bytesFrom(path: string, offset: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - offset));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(file);
  }
}
