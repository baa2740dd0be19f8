import type { JournalRecord } from "../../core/journal-record.ts";
import { broken } from "./witness.ts";

/** I1 and I8 from the journal alone: one intent of a target at a time, and never two outcomes of one. */
export class JournalBooks {
  #read: number;
  readonly #open = new Map<string, string>();
  readonly #ended = new Set<string>();

  constructor(from = 0) {
    this.#read = from;
  }

  read(journal: readonly JournalRecord[], journalHasFailed: boolean): void {
    for (; this.#read < journal.length; this.#read++) {
      const { kind, target, healId } = journal[this.#read] ?? broken("I8", "the journal shrank");
      if (healId === null) continue;
      if (kind === "intent") {
        const other = this.#open.get(target);
        if (other !== undefined && !journalHasFailed) broken("I1", `${healId} of ${target} begun while ${other} has no outcome`);
        this.#open.set(target, healId);
      }
      if (kind !== "outcome") continue;
      if (this.#ended.has(healId)) broken("I8", `${healId} ended twice`);
      this.#ended.add(healId);
      this.#open.delete(target);
    }
  }
}
