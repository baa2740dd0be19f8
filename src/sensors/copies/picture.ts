import type { Pm2View } from "../../core/observation.ts";
import type { CopyOwner } from "../../core/copy.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import type { ProcessDetails } from "../../world/processes/process-facts.ts";
import type { App, OwnCommands } from "./apps.ts";
import { ourDaemon } from "./daemons.ts";
import type { KnownProcess, ProcessSight } from "./known-process.ts";
import { titleOf } from "./command-title.ts";
import type { Surroundings } from "./runs-program.ts";

/** One look: the newest list, the book, and what may be asked about few of its processes. */
export interface Scene extends Surroundings {
  readonly processes: ProcessSight;
  readonly pm2: Pm2View;
  readonly apps: readonly App[];
  readonly pm2Home: string;
  readonly wallMs: number;
  readonly selfPids: readonly number[];
  /** App of which this very process was a listed row earlier; null = of none. */
  wasRowOf(process: KnownProcess): App | null;
  details(pid: number): ProcessDetails | null;
  maySignal(uid: number): boolean;
}

export interface FoundCopy {
  readonly process: KnownProcess;
  readonly app: App;
  readonly owner: Exclude<CopyOwner, "pm2">;
  /** The PM2 daemon above it. */
  readonly daemon: KnownProcess | null;
  readonly untouchable: string | null;
}

/** What a whole look has worked out once. */
export interface Picture extends Scene {
  readonly listed: ReadonlyMap<number, WorkerRow>;
  readonly ourDaemon: number | null;
  /** Processes nobody may take for a copy: healer, its ancestors, the ancestors of every row. */
  readonly spared: ReadonlySet<number>;
  readonly ownCommands: OwnCommands;
}

/** What the rows tell about all processes, worked out once a look. */
export function pictureOf(scene: Scene): Picture {
  const listed = new Map<number, WorkerRow>();
  const spared = new Set(scene.selfPids);
  for (const row of scene.pm2.rows) if (row.pid !== null) listed.set(row.pid, row);
  for (const pid of [...listed.keys(), ...scene.selfPids]) spareAncestors(pid, scene.processes, spared);
  const { processes, apps, pm2 } = scene;
  return { ...scene, listed, spared, ownCommands: ownCommandsOf(apps, processes), ourDaemon: ourDaemon(pm2.rows, processes, scene) };
}

function ownCommandsOf(apps: readonly App[], processes: ProcessSight): OwnCommands {
  const commands = new Map<string, Map<App, number[]>>();
  for (const app of apps) {
    for (const { pid } of app.rows) {
      const process = pid === null ? undefined : processes.get(pid);
      if (process === undefined || process.state === "Z" || titleOf(process.argv) !== null) continue;
      const byApp = commands.get(process.commandHash) ?? new Map<App, number[]>();
      byApp.set(app, [...(byApp.get(app) ?? []), process.pid]);
      commands.set(process.commandHash, byApp);
    }
  }
  return commands;
}

/** Hundreds of rows share their ancestors: the walk ends at the first that is spared already. */
function spareAncestors(of: number, processes: ProcessSight, spared: Set<number>): void {
  for (let parent = processes.get(of)?.parentPid ?? 0; parent > 0 && !spared.has(parent); parent = processes.get(parent)?.parentPid ?? 0) {
    spared.add(parent);
  }
}
