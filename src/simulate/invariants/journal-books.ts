import type { JournalRecord } from "../../core/journal-record.ts";
import { broken } from "./witness.ts";

/** What has been read of the journal: how far, the heals that have no outcome yet (by target), and those that have one. */
export interface JournalBooks {
  read: number;
  readonly open: Map<string, string>;
  readonly ended: Set<string>;
}

export function newJournalBooks(): JournalBooks {
  return { read: 0, open: new Map(), ended: new Set() };
}

/** I1 and I8 from the journal alone: one intent of a target at a time, and never two outcomes of one. */
export function readJournal(books: JournalBooks, journal: readonly JournalRecord[], journalHasFailed: boolean): void {
  for (; books.read < journal.length; books.read++) {
    const { kind, target, healId } = journal[books.read] ?? broken("I8", "the journal shrank");
    if (healId === null) continue;
    if (kind === "intent") {
      const other = books.open.get(target);
      if (other !== undefined && !journalHasFailed) broken("I1", `${healId} of ${target} begun while ${other} has no outcome`);
      books.open.set(target, healId);
    }
    if (kind !== "outcome") continue;
    if (books.ended.has(healId)) broken("I8", `${healId} ended twice`);
    books.ended.add(healId);
    books.open.delete(target);
  }
}
