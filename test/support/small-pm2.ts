import type { ActionStep } from "../../src/core/event.ts";
import type { Pm2View } from "../../src/core/observation.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { workerRow } from "./worker-row.ts";

const UPTIME_MS = 3_600_000;
const PIDS_APART = 16; // more than there are rows

interface Clock {
  readonly nowMs: number;
  readonly wallMs: number;
}

/**
 * PM2's table as plain data; rows are never changed in place. Pids are taken from the clock, so that they count from now like
 * everything else that is told apart by when it began (`relative-digest.ts`).
 */
export class SmallPm2 {
  readonly rows = new Map<number, WorkerRow>();
  generation = 1;
  isLost = false;
  /** Processes started at `spawnedAtMs`, none of which may share a pid. */
  spawned = 0;
  spawnedAtMs = 0;
  nextPmId = 0;

  constructor(apps: Readonly<Record<string, number>>, nowMs: number, wallMs: number) {
    const startedWallMs = wallMs - UPTIME_MS;
    for (const [name, count] of Object.entries(apps))
      for (let instance = 0; instance < count; instance++) {
        const pmId = this.nextPmId++;
        const pid = nowMs - UPTIME_MS + pmId;
        const about = { pmId, name, script: `/srv/${name}.js`, instance: String(instance), configuredInstances: count };
        this.rows.set(pmId, workerRow({ ...about, pid, startedWallMs, createdWallMs: startedWallMs }));
      }
  }

  view(readWallMs: number): Pm2View | string {
    if (this.isLost) return "no answer";
    return { generation: `generation-${this.generation}`, version: "7.0.4", readWallMs, rows: [...this.rows.values()] };
  }

  set(row: WorkerRow, change: Partial<WorkerRow>): void {
    this.rows.set(row.pmId, { ...row, ...change });
  }

  /** By somebody's command, or by PM2 itself, which leaves `created_at` alone. */
  live(row: WorkerRow, { nowMs, wallMs, isCommanded }: Clock & { isCommanded: boolean }): void {
    this.spawned = this.spawnedAtMs === nowMs ? this.spawned + 1 : 0;
    this.spawnedAtMs = nowMs;
    const pid = nowMs + this.spawned * PIDS_APART + row.pmId;
    const restarts = row.pid !== null || !isCommanded ? row.restarts + 1 : row.restarts;
    this.set(row, { pid, status: "online", startedWallMs: wallMs, restarts, ...(isCommanded ? { createdWallMs: wallMs } : {}) });
  }

  /** A new daemon that resurrects the same apps. `created_at` stands in the dump. */
  replace({ nowMs, wallMs }: Clock): void {
    this.generation++;
    for (const row of this.rows.values()) {
      this.set(row, { createdWallMs: row.createdWallMs ?? wallMs });
      this.live(this.rows.get(row.pmId) ?? row, { nowMs, wallMs, isCommanded: false });
    }
  }

  /** What an action of healer's does, in one go. */
  perform(action: string, step: ActionStep, pmId: number, clock: Clock & { createdWallMs: number | undefined }): void {
    const row = this.rows.get(pmId);
    if (row === undefined) return;
    if (step === "add") duplicate(this, row, clock);
    else if (action === "trim" || action === "replace") this.rows.delete(pmId);
    else if (step === "stop") this.set(row, { pid: null, status: "stopped" });
    else if (row.pid === null || action !== "stop-start") this.live(row, { ...clock, isCommanded: true });
    else this.live({ ...row, pid: null }, { ...clock, isCommanded: true });
  }
}

function duplicate(pm2: SmallPm2, row: WorkerRow, { nowMs, wallMs, createdWallMs }: Clock & { createdWallMs: number | undefined }): void {
  const added = { ...row, pmId: pm2.nextPmId++, pid: null, restarts: -1, createdWallMs: createdWallMs ?? wallMs };
  pm2.live(added, { nowMs, wallMs, isCommanded: false });
}
