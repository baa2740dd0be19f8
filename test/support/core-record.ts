import type { Effect } from "../../src/core/effect.ts";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import type { LogEvent, LogRecord } from "../../src/core/log-record.ts";

/** Everything the core wanted done, and what is on disk of it. */
export class CoreRecord {
  readonly effects: Effect[] = [];
  readonly journal: JournalRecord[] = [];

  /** Lines of the heal log, oldest first. */
  lines(event: LogEvent, target?: string): LogRecord[] {
    const records = this.effects.flatMap((effect) => (effect.type === "log" ? [effect.record] : []));
    return records.filter((record) => record.event === event && (target === undefined || record.target === target));
  }

  reasons(event: LogEvent, target?: string): string[] {
    return this.lines(event, target).map((line) => line.reason);
  }

  /** Notes of the journal's records of one kind. */
  notes(kind: JournalRecord["kind"]): unknown[] {
    return this.journal.filter((record) => record.kind === kind).map((record) => record.note);
  }
}
