import type { ActionStep } from "./event.ts";
import type { JournalRecord } from "./journal-record.ts";
import type { LogRecord } from "./log-record.ts";
import type { TargetId } from "./observation.ts";
import type { WorkerRow } from "./worker-row.ts";

/** A process to end: only while pid, start and command line are still these. */
export interface EndOrder {
  readonly pid: number;
  readonly startTicks: number;
  readonly commandHash: string;
  /** SIGTERM, and SIGKILL after so long. */
  readonly waitMs: number;
}

/** What the core wants done, as data. The daemon performs them in order and reports back with events. */
export type Effect =
  /** Put it on disk. `ack`: then list PM2 again and send `durable`; if it fails, `journal_failed`. */
  | { readonly type: "journal"; readonly record: JournalRecord; readonly ack: boolean }
  /** Only ever emitted in answer to `durable`, so the intent is on disk and the row is fresh. Answer: `action_done`. */
  | {
      readonly type: "execute";
      readonly target: TargetId;
      readonly healId: string;
      readonly action: string;
      readonly step: ActionStep;
      /** Of a trim that ends copies: a row of their app, for its limits. */
      readonly row: WorkerRow;
      /** Processes outside PM2 to be ended, before anything is started; empty for most actions. */
      readonly ends: readonly EndOrder[];
      /** Only of step `add`: the `created_at` PM2 is to note of the new row, by which it is known. */
      readonly createdWallMs?: number;
    }
  | { readonly type: "log"; readonly record: LogRecord }
  /** The answer to a command. `code` is the CLI's exit code. */
  | { readonly type: "reply"; readonly id: number; readonly code: 0 | 2 | 4; readonly text: string; readonly healId: string | null };
