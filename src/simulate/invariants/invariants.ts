import type { Effect } from "../../core/effect.ts";
import type { Event } from "../../core/event.ts";
import type { LogRecord } from "../../core/log-record.ts";
import { checkChange } from "./change-checks.ts";
import { checkExecute } from "./execute-checks.ts";
import { checkIntent } from "./intent-checks.ts";
import { readJournal } from "./journal-books.ts";
import { newBooks, processKey, type Books } from "./books.ts";
import { broken, type Witness } from "./witness.ts";

const LONG_AGO_MS = -1e15;

/**
 * Watches a world and throws a `Violation` the moment one of the decision core's invariants (decision-core §4.4), or the
 * promise of one of its guards, is broken. `check` is to be called after every `step`.
 */
export class Invariants {
  readonly #witness: Witness;
  readonly books: Books;

  /** `books`: of the same world, kept so far by another. */
  constructor(witness: Witness, books: Books = newBooks()) {
    this.#witness = witness;
    this.books = books;
  }

  get journalHasFailed(): boolean {
    return this.books.journalHasFailed;
  }

  /** After every step of the core. */
  check(event: Event, effects: readonly Effect[]): void {
    const { books } = this;
    const { state } = this.#witness;
    if (state.journalError?.retryAtMs === null) return checkNothingIsDone(effects);
    if (state.nowMs < books.nowMs) broken("I13", `time went back from ${books.nowMs} to ${state.nowMs}`);
    books.nowMs = state.nowMs;
    noteLimits(books, this.#witness);
    noteWorld(books, this.#witness, event);
    const logs = effects.flatMap((effect) => (effect.type === "log" ? [effect.record] : []));
    noteSymptoms(books, logs);
    for (const effect of effects) {
      if (effect.type === "journal" && effect.record.kind === "intent") checkIntent(this.#witness, books, { record: effect.record, event });
      if (effect.type === "execute") checkExecute(this.#witness, books, { effect, event });
    }
    for (const id of books.running.keys()) if (!state.targets.has(id)) books.running.delete(id);
    for (const target of state.targets.values()) checkChange(this.#witness, books, { target, event, logs });
    books.before = new Map([...state.targets].map(([id, { control }]) => [id, control]));
    readJournal(books.journal, this.#witness.journal, books.journalHasFailed);
  }

  /** healer's state of `atMs` is on disk, or a record of that time. */
  saved(atMs: number): void {
    this.books.savedAtMs = Math.max(this.books.savedAtMs, atMs);
  }

  /**
   * healer died: the next one is compared with what was durable. Its time goes on from there at the least, which after a
   * reboot may be earlier than where it was; and of an edit after that it does not know.
   */
  healerDied(): void {
    const { books } = this;
    books.before = new Map();
    books.running.clear();
    books.dependencies.clear();
    books.nowMs = books.savedAtMs;
    for (const [name, { atMs }] of books.strategySince)
      if (atMs >= books.savedAtMs) books.strategySince.set(name, { fingerprint: null, atMs: LONG_AGO_MS });
  }
}

/** A healer that cannot read what it remembers acts on nobody; its time begins anew, and is nobody's. */
function checkNothingIsDone(effects: readonly Effect[]): void {
  for (const effect of effects)
    if (effect.type === "execute" || (effect.type === "journal" && effect.record.kind === "intent"))
      broken("I18", `${effect.type} although the journal cannot be trusted`);
}

function noteLimits(books: Books, { state }: Witness): void {
  const { tokens, refillMs } = state.policy.budget;
  books.healsPerHourMax = Math.max(books.healsPerHourMax, tokens + 3_600_000 / refillMs);
  for (const { name, knobs, fingerprint } of state.policy.strategies) {
    books.healsPerTargetMax = Math.max(books.healsPerTargetMax, knobs.maxHealsPerHour);
    const since = books.strategySince.get(name);
    if (since?.fingerprint === null) books.strategySince.set(name, { fingerprint, atMs: LONG_AGO_MS });
    else if (since?.fingerprint !== fingerprint) books.strategySince.set(name, { fingerprint, atMs: books.nowMs });
    const least = books.graceMsMin.get(name) ?? Number.POSITIVE_INFINITY;
    if (knobs.gracePeriodMs < least) books.graceMsMin.set(name, knobs.gracePeriodMs);
  }
}

function noteWorld(books: Books, { rows }: Witness, event: Event): void {
  for (const row of rows.values()) {
    const key = processKey(row);
    if (row.pid !== null && !books.seenAtMs.has(key)) books.seenAtMs.set(key, books.nowMs);
  }
  if (event.type === "journal_failed") books.journalHasFailed = true;
  if ("pm2" in event && event.pm2 !== null) books.isPm2Lost = typeof event.pm2 === "string";
  if (event.type !== "turn") return;
  for (const observation of event.observations) {
    if (observation.kind === "dependency") {
      const answers = [...(books.dependencies.get(observation.strategy)?.answers ?? []), observation.ok].slice(-3);
      books.dependencies.set(observation.strategy, { answers, atMs: observation.atMs });
    }
    if (observation.kind === "running") books.running.set(observation.target, observation.tasks);
    if (observation.kind !== "tasks" || observation.failed === 0) continue;
    const failures = books.failures.get(observation.target) ?? [];
    if (failures.length === 0) books.failures.set(observation.target, failures);
    failures.push({ atMs: observation.atMs, failed: observation.failed });
  }
}

function noteSymptoms(books: Books, logs: readonly LogRecord[]): void {
  for (const { event, target, more } of logs) {
    const symptoms = books.symptomsAtMs.get(target) ?? new Map<string, number>();
    const rule = JSON.stringify(more?.["rule"] ?? null);
    if (event === "symptom") books.symptomsAtMs.set(target, symptoms.set(rule, books.nowMs));
    if (event === "circuit_half_open") books.trialsAtMs.set(target, [...(books.trialsAtMs.get(target) ?? []).slice(-9), books.nowMs]);
    if (more?.["violation"] !== undefined) broken("watchdog", JSON.stringify(more["violation"]));
    if (event === "symptom_cleared") symptoms.delete(rule);
  }
}
