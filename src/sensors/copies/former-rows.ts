import type { Pm2View } from "../../core/observation.ts";
import type { App } from "./apps.ts";
import type { KnownProcess, ProcessSight } from "./known-process.ts";

const START_TOLERANCE_MS = 3_000; // PM2 notes the start just before it forks; on a machine with its hands full that takes a while

interface Former {
  readonly startTicks: number;
  readonly group: string;
  readonly script: string;
}

/**
 * Which processes have been listed rows: what PM2 forgets while they live on are orphans, whatever title they carry and
 * whatever their environment says. Holds living processes only.
 */
export interface FormerRows {
  remember(pm2: Pm2View, apps: readonly App[]): void;
  appOf(process: KnownProcess, apps: readonly App[]): App | null;
}

export function createFormerRows(sight: ProcessSight): FormerRows {
  const former = new Map<number, Former>();
  return {
    remember(pm2, apps) {
      for (const [pid, { startTicks }] of former) if (sight.get(pid)?.startTicks !== startTicks) former.delete(pid);
      for (const { group, script, rows } of apps) {
        for (const { pid, startedWallMs } of rows) {
          const process = pid === null ? undefined : sight.get(pid);
          if (process === undefined || !isRow(process, startedWallMs, pm2.readWallMs)) continue;
          if (former.get(process.pid)?.group !== group) former.set(process.pid, { startTicks: process.startTicks, group, script });
        }
      }
    },
    appOf({ pid, startTicks }, apps) {
      const row = former.get(pid);
      if (row === undefined || row.startTicks !== startTicks) return null;
      return apps.find((app) => app.selected && app.group === row.group && app.script === row.script) ?? null;
    },
  };
}

/** The list is a moment old: a pid on it may be somebody else's by now, who started at another time than the row. */
function isRow(process: KnownProcess, startedWallMs: number | null, readWallMs: number): boolean {
  if (startedWallMs === null || process.startedWallMs >= readWallMs) return false;
  return Math.abs(process.startedWallMs - startedWallMs) < START_TOLERANCE_MS;
}
