import type { LogRecord } from "./log-record.ts";

/** A log record as it stands in the heal log: stamped once, then the same for the file, notifiers and the live stream. */
export interface SealedRecord extends LogRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly ts: string;
  readonly host: string;
  /** Hash of the configuration in force. */
  readonly config: string;
  readonly v: 1;
}
