/**
 * One row of PM2's process list, reduced to what healer may know. `world/pm2` makes it from `pm2_env` and drops
 * everything else, because `pm2_env` carries the worker's whole environment, secrets included.
 */
export interface WorkerRow {
  readonly pmId: number;
  readonly name: string;
  readonly namespace: string;
  /** `NODE_APP_INSTANCE` (or what `instance_var` renames it to) as text; "0" for an app that runs once. */
  readonly instance: string;
  /** Absolute path of the script; part of the identity, because names are not unique in PM2. */
  readonly script: string;
  /** PM2's `pm_cwd`: the working directory it is started in; null = not said. */
  readonly cwd: string | null;
  /** null = beyond what healer reads: nothing can be compared with them. */
  readonly args: readonly string[] | null;
  /** PM2's `exec_interpreter`: "node", "python3", "none" for a program of its own. */
  readonly interpreter: string;
  /** null when PM2 knows no process: stopped, errored, or the ghost that is `online` without a pid. */
  readonly pid: number | null;
  readonly status: Pm2Status;
  readonly mode: "fork" | "cluster";
  /** PM2's `pm_uptime`: wall-clock start of this incarnation, ms since 1970; null when never started. */
  readonly startedWallMs: number | null;
  /** PM2's `created_at`: moves on every commanded start or restart, stays on an automatic one. */
  readonly createdWallMs: number | null;
  /** PM2's `restart_time`; may go backwards (reset, resurrect). */
  readonly restarts: number;
  readonly exitCode: number | null;
  readonly killTimeoutMs: number;
  readonly listenTimeoutMs: number;
  readonly autorestart: boolean;
  readonly restartDelayMs: number;
  /** PM2's brake on crashes: so many exits, each after less than `minUptimeMs`, all within their product, and it gives up. */
  readonly maxRestarts: number;
  readonly minUptimeMs: number;
  /** Delay after the first crash, half as long again after each, at most 15 s; null = off. */
  readonly expBackoffMs: number | null;
  /** The pattern on which PM2 restarts it, also when it is stopped; null = none. */
  readonly cronRestart: string | null;
  /** PM2 restarts it whenever a file changes. */
  readonly watch: boolean;
  readonly stopExitCodes: readonly number[];
  readonly maxMemoryRestartBytes: number | null;
  /** The count the app was configured with, not a live count. */
  readonly configuredInstances: number;
  readonly isModule: boolean;
  readonly isNode: boolean;
  /** PM2 hears of its uncaught exceptions: its agent is loaded into a Node worker (`pmx`), or its own frame runs one (cluster). */
  readonly tellsExceptions: boolean;
  /** Where PM2 writes what it prints, absolute; null = nowhere (`/dev/null`, `disable_logs`). Several workers may share a file. */
  readonly logs: { readonly out: string | null; readonly err: string | null };
  /** RSS of the root pid, bytes; null when PM2 does not know (its 0 means unknown). */
  readonly memoryBytes: number | null;
  /** What the process itself reports (`pm2-healer/worker`); null = nothing, or only what an earlier process said. */
  readonly report: WorkerReport | null;
  /** What PM2's agent in a Node worker told last; null = nothing, or the process is too young to tell it from the last one's. */
  readonly vitals: WorkerVitals | null;
  /** The same as text, to be compared only, and from the first second on; null = nothing. */
  readonly agentFigures: string | null;
  /** Only the variables the configuration names (`{env.PORT}`, `worker_key: env.NAME`). */
  readonly env: Readonly<Record<string, string>>;
}

/** Counts since the process connected, which only grow. They decide nothing by themselves: a sensor makes observations of them. */
export interface WorkerReport {
  readonly ok: number;
  readonly failed: number;
  readonly beats: number;
  /** Event-loop delay measured since the beat before; null = not measured. */
  readonly loopDelayMs: number | null;
  /** It said that it will not report any more. */
  readonly isClosed: boolean;
}

/** Figures of Node's, for a person to read: no rule decides by them. null = not told. */
export interface WorkerVitals {
  /** When PM2 was asked for them; the worker told them before that. */
  readonly readWallMs: number;
  readonly heapUsedMib: number | null;
  /** What V8 holds at the moment, not what it may grow to. */
  readonly heapTotalMib: number | null;
  /** Median of how late the event loop is. */
  readonly loopLatencyMs: number | null;
  readonly loopLatencyP95Ms: number | null;
  readonly handles: number | null;
  readonly requests: number | null;
}

export type Pm2Status = "online" | "launching" | "stopping" | "stopped" | "errored" | "waiting restart" | "one-launch-status" | "unknown";

/** One life of a worker. Two rows with equal incarnations describe the same operating-system process. */
export interface Incarnation {
  /** The PM2 daemon's own start, from `getReport().started_at`; a new daemon is a new generation. */
  readonly generation: string;
  readonly pmId: number;
  readonly pid: number | null;
  readonly startedWallMs: number | null;
}

/** Stopped for good as far as PM2 is concerned: by an operator, by healer, or because it was told to run once. */
export function isStoppedRow(row: WorkerRow): boolean {
  return row.status === "stopped" && row.pid === null;
}

export function incarnationOf(row: WorkerRow, generation: string): Incarnation {
  return { generation, pmId: row.pmId, pid: row.pid, startedWallMs: row.startedWallMs };
}

export function sameIncarnation(one: Incarnation, other: Incarnation): boolean {
  return (
    one.generation === other.generation && one.pmId === other.pmId && one.pid === other.pid && one.startedWallMs === other.startedWallMs
  );
}
