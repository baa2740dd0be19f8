import type { Pm2View } from "../core/observation.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Pm2Trouble } from "./sim-pm2-words.ts";
import type { SimProcess, SimProcesses } from "./sim-process.ts";
import { plainRow } from "./sim-row.ts";
import type { Timeline } from "./timeline.ts";
import type { AppSpec } from "./world-spec.ts";

const UNSTABLE_MAX = 16; // PM2's max_restarts: exits within a second of the start, in a row
const UNSTABLE_MS = 1000;

/**
 * PM2's table of rows, the processes it brings back when they die, and a daemon that dies and is replaced. `created_at` moves with every start that somebody commanded and stands when PM2 merely
 * brings a process back. Rows are never changed in place: what was listed stays as it was.
 */
export class SimPm2Table {
  readonly rows = new Map<number, WorkerRow>();
  generation = 1;
  /** Why the list cannot be read; null = it can. */
  lost: string | null = null;
  trouble: Pm2Trouble = { mode: "ok", latencyMs: 200 };
  /** Moves with every change of the table. */
  changes = 0;
  protected readonly timeline: Timeline;
  readonly #processes: SimProcesses;
  readonly #apps: ReadonlyMap<string, AppSpec>;
  readonly #wallMs: () => number;
  /** A process has been started: the world looks whether it will crash. */
  readonly #onSpawn: (row: WorkerRow, process: SimProcess) => void;
  readonly #unstable = new Map<number, number>();
  #nextPmId = 0;

  constructor(parts: {
    timeline: Timeline;
    processes: SimProcesses;
    apps: readonly AppSpec[];
    wallMs: () => number;
    onSpawn: (row: WorkerRow, process: SimProcess) => void;
  }) {
    this.timeline = parts.timeline;
    this.#processes = parts.processes;
    this.#apps = new Map(parts.apps.map((app) => [app.name, app]));
    this.#wallMs = parts.wallMs;
    this.#onSpawn = parts.onSpawn;
  }

  view(): Pm2View | string {
    if (this.lost !== null) return this.lost;
    return { generation: `pm2-${this.generation}`, version: "7.0.4", readWallMs: this.#wallMs(), rows: [...this.rows.values()] };
  }

  rowOf(app: string, instance: string): WorkerRow | undefined {
    return [...this.rows.values()].find((row) => row.name === app && row.instance === instance);
  }

  processOf(row: WorkerRow): SimProcess | undefined {
    return row.pid === null ? undefined : this.#processes.alive.get(row.pid);
  }

  add(app: AppSpec, instance: string, createdWallMs?: number): void {
    const row = plainRow(app, { pmId: this.#nextPmId++, instance });
    this.rows.set(row.pmId, row);
    this.spawn(row, { commanded: true });
    const started = this.rows.get(row.pmId);
    if (started !== undefined && createdWallMs !== undefined) this.set(started, { createdWallMs });
  }

  /** A process ends by itself, or by a signal nobody told PM2 about. */
  exit(process: SimProcess): void {
    if (!this.#processes.end(process)) return;
    const row = [...this.rows.values()].find(({ pid }) => pid === process.pid);
    if (row === undefined || row.status === "stopping") return; // whoever is stopping it goes on from here
    if (!row.autorestart) return void this.set(row, { pid: null, status: "stopped" });
    const livedMs = this.timeline.nowMs - process.bornMs;
    const unstable = livedMs < UNSTABLE_MS ? (this.#unstable.get(row.pmId) ?? 0) + 1 : 0;
    this.#unstable.set(row.pmId, unstable);
    if (unstable >= UNSTABLE_MAX) return void this.set(row, { pid: null, status: "errored", createdWallMs: null });
    this.set(row, { pid: null, status: "waiting restart" });
    const generation = this.generation;
    this.timeline.at(this.timeline.nowMs + Math.max(100, row.restartDelayMs), () => {
      const now = this.rows.get(row.pmId);
      if (generation !== this.generation || now?.status !== "waiting restart" || now.pid !== null) return;
      this.spawn(this.set(now, { restarts: now.restarts + 1 }), { commanded: false });
    });
  }

  /** The daemon dies: nobody is brought back any more. Processes that outlive it are nobody's. */
  die(): void {
    this.generation++;
    this.lost = "connect ENOENT rpc.sock";
    this.rows.clear();
    this.#unstable.clear();
    this.changes++;
  }

  /** A new daemon starts what the dump names, all of it anew; `created_at` stands in the dump (measured). */
  resurrect(dump: readonly { readonly app: AppSpec; readonly instance: string; readonly createdWallMs?: number | null }[]): void {
    this.lost = null;
    this.#nextPmId = 0;
    for (const { app, instance, createdWallMs } of dump) this.add(app, instance, createdWallMs ?? undefined);
  }

  /** SIGINT, and SIGKILL after `kill_timeout`: takes as long as the worker does. */
  protected end(row: WorkerRow, then: () => void): void {
    const process = this.processOf(row);
    if (process === undefined) return then();
    this.set(row, { status: "stopping" });
    const { generation } = this;
    this.timeline.at(this.timeline.nowMs + (this.#apps.get(row.name)?.endMs ?? 0), () => {
      this.#processes.end(process);
      if (generation === this.generation) then();
    });
  }

  protected spawn(row: WorkerRow, { commanded }: { commanded: boolean }): void {
    const app = this.#apps.get(row.name);
    if (app === undefined) return;
    const process = this.#processes.spawn(row.name, row.instance, this.timeline.nowMs);
    const wallMs = this.#wallMs();
    if (commanded) this.#unstable.delete(row.pmId);
    const started = this.set(row, {
      pid: process.pid,
      startedWallMs: wallMs,
      createdWallMs: commanded ? wallMs : row.createdWallMs,
      status: app.launchMs === 0 ? "online" : "launching",
    });
    if (app.launchMs > 0)
      this.timeline.at(this.timeline.nowMs + app.launchMs, () => {
        const now = this.rows.get(row.pmId);
        if (now?.pid === process.pid && now.status === "launching") this.set(now, { status: "online" });
      });
    if (commanded && this.trouble.mode === "process-dies-at-once" && !app.isHealer)
      this.timeline.at(this.timeline.nowMs + 300, () => this.exit(process));
    this.#onSpawn(started, process);
  }

  protected appOf(row: WorkerRow): AppSpec | undefined {
    return this.#apps.get(row.name);
  }

  protected set(row: WorkerRow, change: Partial<WorkerRow>): WorkerRow {
    const next = { ...row, ...change };
    this.rows.set(row.pmId, next);
    this.changes++;
    return next;
  }
}
