import type { JournalRecord } from "../../src/core/journal-record.ts";

export function intent(healId: string, changes: Partial<JournalRecord> = {}): JournalRecord {
  return {
    kind: "intent",
    healId,
    target: "rpa-worker:0",
    wallMs: Date.UTC(2026, 10, 22),
    atMs: 1_000,
    control: { state: "intent", failures: 0 },
    globals: { tokens: 4 },
    note: { action: "restart" },
    ...changes,
  };
}
