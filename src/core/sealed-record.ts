import type { Json, LogRecord } from "./log-record.ts";

/** A log record as it stands in the heal log: stamped once, then the same for the file, notifiers and the live stream. */
export interface SealedRecord extends LogRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly ts: string;
  readonly host: string;
  /** Hash of the configuration in force. */
  readonly config: string;
  readonly v: 1;
}

/**
 * The record as one flat object, its fields in the heal log's order: the line in the file, the body of a webhook, the
 * message on the live stream. A field of `more` that has a fixed field's name goes under `more_NAME`.
 */
export function flatten(record: SealedRecord): Readonly<Record<string, Json>> {
  const { ts, level, event, target, strategy, reason, heal_id, app, instance, pm_id, pid, host, config, v, more } = record;
  const fixed = { ts, level, event, target, strategy, reason, heal_id, app, instance, pm_id, pid, host, config, v };
  const flat: Record<string, Json> = {};
  for (const [name, value] of Object.entries(fixed)) if (value !== undefined) flat[name] = value;
  for (const [name, value] of Object.entries(more ?? {})) flat[name in fixed ? `more_${name}` : name] = value;
  return flat;
}
