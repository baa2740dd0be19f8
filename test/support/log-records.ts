import type { LogRecord } from "../../src/core/log-record.ts";
import { incidentPart } from "../../src/notifiers/incident-key.ts";
import type { Message } from "../../src/notifiers/notifier.ts";
import type { SealedRecord } from "../../src/core/sealed-record.ts";

export const WALL_MS = Date.UTC(2026, 10, 22, 3, 12, 45, 678);

export function logRecord(changes: Partial<LogRecord> = {}): LogRecord {
  return { level: "info", event: "symptom", target: "rpa-worker:0", strategy: "rpa", reason: "63 % of the last 58 tasks", ...changes };
}

export function sealedRecord(changes: Partial<SealedRecord> = {}): SealedRecord {
  return { ...logRecord(), ts: new Date(WALL_MS).toISOString(), host: "box", config: "abc123", v: 1, ...changes };
}

/** A single notice, or a digest of several records. */
export function message(...given: readonly SealedRecord[]): Message {
  const records = given.length === 0 ? [sealedRecord()] : given;
  const notices = records.map((record, index) => {
    const incident = incidentPart(record);
    const id = `m${index + 1}`;
    return { id, record, incidentKey: incident?.key ?? id, resolved: incident?.part === "closes" };
  });
  return records.length === 1
    ? { id: "m1", notices, heading: null }
    : { id: "m1+1", notices, heading: `${records.length} messages at once` };
}
