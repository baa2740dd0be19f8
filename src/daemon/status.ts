import type { Command } from "../core/event.ts";
import type { Explanation } from "../core/explain.ts";
import type { Outcome } from "../core/outcome.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import type { TargetStatus } from "../core/status.ts";
import type { Evidence } from "../record/evidence.ts";
import type { ChannelTrial } from "./notify/try-channels.ts";

/** What `healer status --json` and `GET /api/status` say. Times are ISO 8601; durations ms; null = not known. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly user: string;
  readonly home: string;
  readonly started_at: string;
  /** Where the port can be reached; null = control socket only. */
  readonly url: string | null;
  readonly mode: "observe" | "heal";
  readonly paused: string | null;
  readonly interval_ms: number;
  readonly last_turn_at: string | null;
  readonly config: {
    readonly file: string;
    readonly hash: string;
    readonly loaded_at: string;
    /** The newest edit was refused, and why; the configuration of `hash` stays in force. */
    readonly rejected: string | null;
  };
  readonly pm2: {
    readonly state: "unknown" | "up" | "lost";
    readonly home: string;
    readonly version: string | null;
    readonly reason: string | null;
    readonly since: string | null;
  };
  readonly journal_error: string | null;
  readonly budget: { readonly tokens: number; readonly max: number };
  readonly targets: readonly TargetStatus[];
  readonly queues: readonly QueueStatus[];
  readonly blind: readonly { readonly sensor: string; readonly target: string | null; readonly reason: string; readonly for_ms: number }[];
  readonly host: HostStatus | null;
  /** Why a person is needed; empty = nobody is. Decides the exit code of `healer status` (0 or 1). */
  readonly needs_person: readonly string[];
}

export interface QueueStatus {
  readonly name: string;
  /** null = the queue does not say. */
  readonly pending: number | null;
  readonly running: number | null;
  /** As the server counts, from whenever it began to; null = it does not say. */
  readonly completed: number | null;
  readonly failed: number | null;
  readonly age_ms: number;
  readonly totals_only: boolean;
  /** Tasks that fail wherever they are tried, the newest last, at most 20. */
  readonly poison_tasks: readonly { readonly task: string; readonly workers: readonly string[]; readonly since: string }[];
}

export interface HostStatus {
  readonly memory_total_bytes: number | null;
  readonly memory_available_bytes: number | null;
  readonly disk_total_bytes: number | null;
  readonly disk_free_bytes: number | null;
  readonly load_1m: number | null;
  readonly cores: number;
  /** What of the machine is short, or too hot, now: a sentence each. */
  readonly pressures: readonly string[];
  /** Empty: there is none, or none can be seen (then `blind` says so). */
  readonly gpus: readonly GpuStatus[];
}

/** null = the driver does not tell; 0 is a value. */
export interface GpuStatus {
  readonly index: number;
  readonly name: string;
  readonly utilization_percent: number | null;
  readonly memory_total_bytes: number | null;
  readonly memory_used_bytes: number | null;
  readonly temperature_c: number | null;
  readonly clock_mhz: number | null;
  readonly clock_max_mhz: number | null;
  readonly power_w: number | null;
  readonly throttled: readonly string[];
  readonly processes: readonly {
    readonly pid: number;
    readonly memory_bytes: number | null;
    readonly owner: "worker" | "pm2" | "outside" | "unseen";
    readonly target?: string;
    readonly command?: string;
  }[];
}

/** One resolved value of the configuration in force, without secrets. `origin`: `built-in`, or where it stands. */
export interface ShownSetting {
  readonly path: string;
  readonly shown: string;
  readonly origin: string;
}

/** What the configuration in force is, and what of it is worth a second look. */
export interface ShownConfig {
  readonly settings: readonly ShownSetting[];
  readonly warnings: readonly { readonly line: number; readonly path: string; readonly message: string; readonly note: boolean }[];
}

/** Figures over time, by column. `at`: seconds since 1970; a slot in which healer did not run is left out; null = not known then. */
export interface Curve {
  readonly step_s: number;
  readonly at: readonly number[];
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
}

/** What the API may ask of the daemon. `daemon/start` makes it; `api/` knows nothing else of the daemon. */
export interface ControlPlane {
  status(): DaemonStatus;
  config(): ShownConfig;
  /** `target` as a person writes it. The error lists the candidates. */
  explain(target: string): Outcome<Explanation, string>;
  command(by: string, command: Command): Promise<CommandReply>;
  /** POST /api/outcomes and /api/heartbeat: an unvalidated body in, an error that says where and what was expected out. */
  ingest(kind: "outcomes" | "heartbeat", body: unknown): Outcome<null, string>;
  /** A test message through every channel, or the one of that name. The error says which there are. */
  tryNotifiers(channel: string | null, by: string): Promise<Outcome<readonly ChannelTrial[], string>>;
  /** A turn ended within 5 intervals. */
  isHealthy(): boolean;
  /** PM2 was there when it was last looked at. */
  isReady(): boolean;
  /** Of a target's id, `queue:NAME` or `gpu:INDEX`, at most a day back; null = nothing is known of it. */
  curve(key: string, sinceWallMs: number): Curve | null;
  /** Finished tasks since the daemon started, by group. */
  tasks(): readonly { readonly app: string; readonly ok: number; readonly failed: number }[];
  /** What was seen of the workers of a heal right before it ended them. The error says what there is. */
  evidence(healId: string): Outcome<readonly Evidence[], string>;
  /** After each complete turn, until the returned function is called. The listener must not throw or wait. */
  onTurn(listener: () => void): () => void;
  /** The newest records, at most `limit`, oldest first, none older than `sinceWallMs`. */
  recent(options: { readonly sinceWallMs: number; readonly limit: number }): readonly SealedRecord[];
  /** Each record as it is written, until the returned function is called. The listener must not throw or wait. */
  onRecord(listener: (record: SealedRecord) => void): () => void;
}

export type TaskCount = ReturnType<ControlPlane["tasks"]>[number];

/** `code` is the CLI's exit code. */
export interface CommandReply {
  readonly code: 0 | 2 | 4;
  readonly text: string;
  readonly healId: string | null;
}
