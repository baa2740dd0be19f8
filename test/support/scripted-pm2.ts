import type { ActionStep } from "../../src/core/event.ts";
import type { Pm2View } from "../../src/core/observation.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { workerRow } from "./worker-row.ts";

export type ScriptedRow = { -readonly [Key in keyof WorkerRow]: WorkerRow[Key] };

/**
 * PM2's table as a script: only what is done to it changes it. Like the real one it stamps `created_at` on every start
 * and restart somebody commanded, and leaves it alone when it merely brings a crashed process back.
 */
export class ScriptedPm2 {
  readonly rows = new Map<number, ScriptedRow>();
  generation = "generation-1";
  /** Why the list cannot be read; null = it can. */
  lost: string | null = null;
  readonly #wallMs: () => number;
  #nextPid = 100;
  #nextPmId = 0;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  add(name: string, changes: Partial<WorkerRow> = {}): ScriptedRow {
    const pmId = this.#nextPmId++;
    const wallMs = this.#wallMs();
    const row: ScriptedRow = { ...plainRow(name, pmId), pid: this.#nextPid++, startedWallMs: wallMs, createdWallMs: wallMs, ...changes };
    this.rows.set(pmId, row);
    return row;
  }

  /** The row of `app:INSTANCE`. */
  row(target: string): ScriptedRow {
    const found = [...this.rows.values()].find((row) => `${row.name}:${row.instance}` === target);
    if (found === undefined) throw new Error(`no row for ${target}`);
    return found;
  }

  /** Commanded: by an operator, a deploy, PM2's own memory limit, or healer. */
  restart(row: ScriptedRow): void {
    if (row.pid !== null) row.restarts++;
    row.createdWallMs = this.#wallMs();
    this.#live(row);
  }

  stop(row: ScriptedRow): void {
    row.pid = null;
    row.status = "stopped";
  }

  start(row: ScriptedRow): void {
    row.createdWallMs = this.#wallMs();
    this.#live(row);
  }

  /** It died and PM2 has brought it back already. */
  crash(row: ScriptedRow): void {
    if (row.status !== "online") return;
    row.restarts++;
    this.#live(row);
  }

  /** It died and PM2 waits before it brings it back. */
  die(row: ScriptedRow): void {
    if (row.status !== "online") return;
    row.pid = null;
    row.status = "waiting restart";
  }

  /** PM2 brings back what has died. */
  revive(row: ScriptedRow): void {
    if (row.status !== "waiting restart") return;
    row.restarts++;
    this.#live(row);
  }

  giveUp(row: ScriptedRow): void {
    row.pid = null;
    row.status = "errored";
    row.createdWallMs = null;
  }

  delete(row: ScriptedRow): void {
    this.rows.delete(row.pmId);
  }

  /** One more process beside a row: with its number, and created when we say, as the real one takes it. */
  duplicate(row: ScriptedRow, createdWallMs: number): ScriptedRow {
    const { pmId: _pmId, pid: _pid, startedWallMs: _startedWallMs, ...settings } = row;
    return this.add(row.name, { ...settings, status: "online", restarts: 0, createdWallMs });
  }

  /** A new PM2 daemon that resurrects the same apps, each of them as a new process. `created_at` stands in the dump (measured). */
  replace(): void {
    this.generation = `generation-${Number(this.generation.split("-")[1]) + 1}`;
    for (const row of this.rows.values()) {
      row.createdWallMs ??= this.#wallMs();
      this.#live(row);
    }
  }

  /** What an action of healer's does, in one go. */
  perform(action: string, step: ActionStep, row: ScriptedRow, createdWallMs: number | undefined): void {
    if (step === "add") this.duplicate(row, createdWallMs ?? 0);
    else if (action === "trim" || action === "replace") this.delete(row);
    else if (step === "stop") this.stop(row);
    else if (step === "start" || action === "stop-start") this.start(row);
    else this.restart(row);
  }

  view(): Pm2View | string {
    if (this.lost !== null) return this.lost;
    const rows = [...this.rows.values()].map((row) => ({ ...row }));
    return { generation: this.generation, version: "7.0.4", readWallMs: this.#wallMs(), rows };
  }

  #live(row: ScriptedRow): void {
    row.pid = this.#nextPid++;
    row.status = "online";
    row.startedWallMs = this.#wallMs();
  }
}

function plainRow(name: string, pmId: number): WorkerRow {
  return workerRow({ pmId, name, script: `/srv/${name}.js`, pid: null, startedWallMs: null, createdWallMs: null });
}
