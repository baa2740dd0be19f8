import type { OutsideCopy, RowOrigin } from "./copy.ts";
import type { GpuFact } from "./gpu.ts";
import type { WorkerRow } from "./worker-row.ts";

/**
 * A fact with a time, or the word that nothing could be seen. `atMs` is reducer time: suspend-free monotonic
 * milliseconds (see `event.ts`). No observation ever says "sick"; that is a rule's word.
 */
export type Observation =
  /** Tasks finished since the sensor's previous reading. `target` is a worker or, with totals only, the group. */
  | { readonly kind: "tasks"; readonly target: TargetId; readonly atMs: number; readonly ok: number; readonly failed: number }
  /** Depth of a queue. `finished` is the increment since the previous reading; null = first reading or baseline. */
  | {
      readonly kind: "queue";
      readonly queue: string;
      readonly atMs: number;
      /** null = the queue does not say. */
      readonly pending: number | null;
      readonly running: number | null;
      /** Age of the task that has waited longest, ms; absent = the queue does not say. */
      readonly oldestMs?: number;
      readonly finished: number | null;
      /** As the server counts, from whenever it began to; absent = it does not say. */
      readonly totals?: { readonly completed: number; readonly failed: number };
      /** True when the outcome figures are the group's, not the worker's. */
      readonly totalsOnly: boolean;
      /** Whose outcomes since the previous reading are known; of others nothing is. Absent = of everybody the figures speak of. */
      readonly counted?: readonly TargetId[];
    }
  /** A task that fails on every worker that tries it, while these workers do others well. */
  | { readonly kind: "poison"; readonly queue: string; readonly atMs: number; readonly task: string; readonly workers: readonly TargetId[] }
  /** Tasks a worker has in hand now, where the queue says so. */
  | { readonly kind: "running"; readonly target: TargetId; readonly atMs: number; readonly tasks: number }
  /** One answer of a probe; `rule` is the bound rule's key. */
  | {
      readonly kind: "probe";
      readonly target: TargetId;
      readonly rule: string;
      readonly atMs: number;
      readonly ok: boolean;
      /** "HTTP 500", "no answer in 2 s", "connection refused". */
      readonly detail: string;
      /** How long after `atMs` the answer came, where that may be long. */
      readonly tookMs?: number;
      /** The probe was a task through the queue, and has not come back. Whether that says anything depends on what else waits there. */
      readonly unanswered?: UnansweredTask;
    }
  /** One answer of what lies upstream of all workers of a strategy (`dependency_probe`). */
  | { readonly kind: "dependency"; readonly strategy: string; readonly atMs: number; readonly ok: boolean; readonly detail: string }
  /** What the machine itself has left; null = it does not tell. The disk is the one that holds healer's records. */
  | {
      readonly kind: "host";
      readonly atMs: number;
      readonly memory: { readonly freeBytes: number; readonly totalBytes: number } | null;
      readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | null;
      /** Load average of one minute, divided by the cores. */
      readonly loadPerCore: number | null;
    }
  /** One complete look at all GPUs. */
  | { readonly kind: "gpus"; readonly atMs: number; readonly gpus: readonly GpuFact[] }
  /** Resident memory of the worker's process tree, bytes. */
  | { readonly kind: "memory"; readonly target: TargetId; readonly atMs: number; readonly bytes: number }
  /** CPU time that the worker's process tree has used since it started, ms; with several threads it runs faster than the clock. */
  | { readonly kind: "cpu"; readonly target: TargetId; readonly atMs: number; readonly pid: number; readonly cpuMs: number }
  /** Files, sockets and pipes the root process has open. `limit`: how many it may have; null = any number. */
  | { readonly kind: "files"; readonly target: TargetId; readonly atMs: number; readonly count: number; readonly limit: number | null }
  /** The kernel's view of the root process (`/proc/PID/stat` and `status`). */
  | {
      readonly kind: "pulse";
      readonly target: TargetId;
      readonly atMs: number;
      readonly pid: number;
      /** R running, S sleeping, D uninterruptible, T stopped, t traced, Z zombie, X dead, I idle. */
      readonly state: string;
      readonly voluntarySwitches: number;
    }
  /** What PM2's agent in a Node worker told, in a list not compared before: other figures, because the worker's event loop has turned.
   * null = nothing to compare them with, or what lies between is too long ago. */
  | { readonly kind: "loop-turn"; readonly target: TargetId; readonly atMs: number; readonly pid: number; readonly turned: boolean | null }
  /** An exit nobody commanded, from PM2's bus or from a `pm_uptime` that moved while `created_at` stood. */
  | { readonly kind: "exit"; readonly target: TargetId; readonly atMs: number; readonly livedMs: number | null; readonly count: number }
  | { readonly kind: "heartbeat"; readonly target: TargetId; readonly atMs: number }
  /** A look at the worker's report that found no new heartbeat. `sinceMs`: since when healer has looked at this process without a hole. */
  | { readonly kind: "silence"; readonly target: TargetId; readonly atMs: number; readonly sinceMs: number }
  /** How late the worker's event loop was, as it measured itself between two heartbeats. */
  | { readonly kind: "loop-delay"; readonly target: TargetId; readonly atMs: number; readonly delayMs: number }
  /** Uncaught exceptions that PM2 told of one worker from `atMs` on, as the worker says; 0 = healer listened and there were none. */
  | { readonly kind: "exceptions"; readonly target: TargetId; readonly atMs: number; readonly count: number }
  /** Lines of the worker's log that hold the pattern of `rule` (the bound rule's key), written since `atMs`: the look before this one. */
  | {
      readonly kind: "log-lines";
      readonly target: TargetId;
      readonly rule: string;
      readonly atMs: number;
      readonly lines: number;
      /** What was written faster than healer reads, and passed over. */
      readonly skippedBytes: number;
    }
  /** Every copy of every selected app outside PM2's list, and where the rows of over-full apps come from. One complete look. */
  | { readonly kind: "copies"; readonly atMs: number; readonly copies: readonly OutsideCopy[]; readonly rows: readonly RowOrigin[] }
  /** A sensor could not see. `target` null = the whole source (a queue, PM2). Blind is never sick. */
  | { readonly kind: "blind"; readonly sensor: string; readonly target: TargetId | null; readonly atMs: number; readonly reason: string }
  /** The same sensor sees again; sent with the first good reading after `blind`. */
  | { readonly kind: "sight"; readonly sensor: string; readonly target: TargetId | null; readonly atMs: number };

export interface UnansweredTask {
  /** A worker has it in hand, as the queue says. */
  readonly taken: boolean;
  /** When the oldest that has not come back was sent. */
  readonly sentAtMs: number;
  /** How many of healer's own tasks are in the queue. */
  readonly own: number;
}

/** One complete look at what runs beside PM2's rows. */
export type CopiesSeen = Omit<Extract<Observation, { kind: "copies" }>, "kind">;

/**
 * `app` for a group, `app:INSTANCE` for a worker, both with `NAMESPACE/` in front unless it is `default`, `queue:NAME`.
 * Two rows that would share one id (same name, instance and script) are told apart by `app:INSTANCE~N`, N counting
 * from 1 in order of pm_id after the first.
 */
export type TargetId = string;

/** What PM2 said, as one consistent picture. */
export interface Pm2View {
  readonly generation: string;
  readonly version: string;
  /** Wall-clock ms at which the list was read. */
  readonly readWallMs: number;
  readonly rows: readonly WorkerRow[];
}
