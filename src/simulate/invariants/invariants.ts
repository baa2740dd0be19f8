import { hasSeenPm2 } from "../../core/state.ts";
import type { Effect } from "../../core/effect.ts";
import type { Event } from "../../core/event.ts";
import { checkChange } from "./change-checks.ts";
import { checkExecute } from "./execute-checks.ts";
import { checkIntent } from "./intent-checks.ts";
import { newJournalBooks, readJournal } from "./journal-books.ts";
import { newBooks, type Books } from "./books.ts";
import { LONG_AGO_MS, noteCanaries, noteControls, noteLimits, noteRows, noteStrategies, noteSymptoms, noteWorld } from "./notes.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import { broken, type Witness } from "./witness.ts";

/**
 * Watches a world and throws a `Violation` the moment one of the decision core's invariants (decision-core §4.4), or the
 * promise of one of its guards, is broken. `check` is to be called after every `step`.
 */
export class Invariants {
  readonly #witness: Witness;
  /** Rows that have been looked at; they are never changed in place. */
  readonly #seenRows = new WeakSet<WorkerRow>();
  readonly books: Books;

  /** `books`: of the same world, kept so far by another. */
  constructor(witness: Witness, books: Books = newBooks()) {
    this.#witness = witness;
    this.books = books;
  }

  /** After every step of the core. */
  check(event: Event, effects: readonly Effect[]): void {
    const { books } = this;
    const { state } = this.#witness;
    if (state.journalError?.retryAtMs === null) return checkNothingIsDone(effects);
    if (state.nowMs < books.nowMs) broken("I13", `time went back from ${books.nowMs} to ${state.nowMs}`);
    books.nowMs = state.nowMs;
    noteRows(books, this.#seenRows, this.#witness.rows.values());
    noteWorld(books, this.#witness, event);
    noteLimits(books, this.#witness);
    const sees = event.type === "policy" ? hasSeenPm2(state) : !books.isPm2Lost;
    if (sees) noteStrategies(books, this.#witness); // before healer sees anybody, an edit that is taken back was none
    const logs = effects.flatMap((effect) => (effect.type === "log" ? [effect.record] : []));
    noteSymptoms(books, logs);
    noteCanaries(books, logs);
    for (const effect of effects) {
      if (effect.type === "journal" && effect.record.kind === "intent") checkIntent(this.#witness, books, { record: effect.record, event });
      if (effect.type === "execute") checkExecute(this.#witness, books, { effect, event });
    }
    for (const id of books.running.keys()) if (!state.targets.has(id)) books.running.delete(id);
    for (const target of state.targets.values()) checkChange(this.#witness, books, { target, event, logs });
    noteControls(books, state.targets);
    readJournal(books.journal, this.#witness.journal, books.journalHasFailed);
  }

  /** healer's state of `atMs` is on disk, or a record of that time. */
  saved(atMs: number, what: "all" | "record"): void {
    const { books } = this;
    books.savedAtMs = Math.max(books.savedAtMs, atMs);
    if (what === "all") books.allSavedAtMs = Math.max(books.allSavedAtMs, atMs);
  }

  /** What the next healer remembers may be older than what this one knows. */
  journalFailed(): void {
    this.books.journalHasFailed = true;
  }

  /** A person has moved the journal away: what comes back is the last snapshot, and it may be older than what was journalled. */
  journalMovedAway(): void {
    this.books.journal = { ...newJournalBooks(), read: this.#witness.journal.length };
    this.journalFailed();
  }

  /**
   * healer died: the next one is compared with what was durable. Its time goes on from there at the least, which after a
   * reboot may be earlier than where it was; and of an edit after that it does not know.
   */
  healerDied(): void {
    const { books } = this;
    books.before.clear();
    books.isPm2Lost = true;
    books.canaries.clear();
    books.running.clear();
    books.dependencies.clear();
    books.nowMs = books.savedAtMs;
    for (const [id, { sinceMs }] of books.symptoms) if (sinceMs > books.savedAtMs) books.symptoms.delete(id);
    for (const [name, { notedAtMs }] of books.strategySince)
      if (notedAtMs >= books.allSavedAtMs) books.strategySince.set(name, { fingerprint: null, atMs: LONG_AGO_MS, notedAtMs });
  }
}

/** A healer that cannot read what it remembers acts on nobody; its time begins anew, and is nobody's. */
function checkNothingIsDone(effects: readonly Effect[]): void {
  for (const effect of effects)
    if (effect.type === "execute" || (effect.type === "journal" && effect.record.kind === "intent"))
      broken("I18", `${effect.type} although the journal cannot be trusted`);
}
