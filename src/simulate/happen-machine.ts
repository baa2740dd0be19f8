import type { WorkerRow } from "../core/worker-row.ts";
import type { Simulation } from "./simulation.ts";
import type { AppSpec, Fault } from "./world-spec.ts";

/** What befalls PM2, the disk and the machine as a whole. */

export function troublePm2(world: Simulation, { trouble, lastsMs }: Extract<Fault, { kind: "pm2-trouble" }>): void {
  const { pm2 } = world;
  pm2.trouble = trouble;
  later(world, lastsMs, () => (pm2.trouble = { mode: "ok", latencyMs: 200 }));
}

export function mutePm2(world: Simulation, { lastsMs }: Extract<Fault, { kind: "pm2-mute" }>): void {
  const { pm2 } = world;
  if (pm2.lost !== null) return;
  const { generation } = pm2;
  pm2.lost = "no answer in 5 s";
  later(world, lastsMs, () => {
    if (pm2.generation === generation) pm2.lost = null;
  });
}

const ORPHANS_MAX = 100; // a machine full of them runs out of pids

/** Node workers end with PM2's daemon; the others live on beside their successors. */
export function killPm2(world: Simulation, fault: { readonly backMs: number; readonly forgets: readonly string[] }): void {
  const { pm2, processes, strays } = world;
  if (pm2.rows.size === 0) return; // dead already
  const dump = [...pm2.rows.values()].filter(({ name }) => !fault.forgets.includes(name));
  for (const row of pm2.rows.values()) {
    const process = pm2.processOf(row);
    if (process === undefined) continue;
    const isOrphaned = !appOf(world, row.name).diesWithPm2 && strays.copies().length < ORPHANS_MAX;
    if (!isOrphaned) processes.end(process);
    else strays.add(process, { owner: "orphan", instance: row.instance, wallMs: row.startedWallMs ?? 0 });
  }
  pm2.die();
  world.stopped.clear();
  const { generation } = pm2;
  later(world, fault.backMs, () => {
    if (pm2.generation !== generation) return;
    resurrect(world, dump);
  });
}

/** As PM2's own app healer is started anew with the rest. */
function resurrect(world: Simulation, dump: readonly WorkerRow[]): void {
  if (dump.some(({ name }) => name === "healer") && world.daemon !== null) world.kill();
  world.pm2.resurrect(dump.map(({ name, instance, createdWallMs }) => ({ app: appOf(world, name), instance, createdWallMs })));
}

export function troubleDisk(world: Simulation, { trouble, lastsMs }: Extract<Fault, { kind: "disk" }>): void {
  const { disk } = world;
  if (trouble === "syncs") disk.trouble.syncs = true;
  else if (trouble === "reads") disk.trouble.reads = true;
  else disk.trouble.writes = trouble;
  later(world, lastsMs, () => (disk.trouble = { writes: null, syncs: false, reads: false }));
}

/** The machine goes down and comes up again: everything that ran is gone, and of the disk only what was synced is certain. */
export function reboot(world: Simulation, offMs: number): void {
  const dump = [...world.pm2.rows.values()];
  world.fate.deaths = [];
  if (world.daemon !== null) world.kill();
  world.strays.clear();
  for (const process of world.processes.alive.values()) world.processes.end(process);
  world.pm2.die();
  world.stopped.clear();
  world.disk.cutPower();
  world.host.reboot(offMs);
  const { generation } = world.pm2;
  later(world, 2_000, () => {
    if (world.pm2.generation === generation) resurrect(world, dump);
  });
}

export function later(world: Simulation, ms: number, run: () => void): void {
  world.timeline.at(world.timeline.nowMs + ms, run);
}

export function appOf(world: Simulation, name: string): AppSpec {
  const app = world.fleet.apps.get(name);
  if (app === undefined) throw new Error(`no app ${name} in the world`);
  return app;
}
