import type { LogRecord } from "../../src/core/log-record.ts";
import type { SealedRecord } from "../../src/core/sealed-record.ts";

export const WALL_MS = Date.UTC(2026, 10, 22, 3, 12, 45, 678);

export function logRecord(changes: Partial<LogRecord> = {}): LogRecord {
  return { level: "info", event: "symptom", target: "rpa-worker:0", strategy: "rpa", reason: "63 % of the last 58 tasks", ...changes };
}

export function sealedRecord(changes: Partial<SealedRecord> = {}): SealedRecord {
  return { ...logRecord(), ts: new Date(WALL_MS).toISOString(), host: "box", config: "abc123", v: 1, ...changes };
}
