import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { connectPm2 } from "../../src/world/pm2/connect-pm2.ts";
import type { Pm2 } from "../../src/world/pm2/pm2.ts";
import { linuxProcesses } from "../../src/world/processes/linux-processes.ts";
import { witnessBus, type BusWitness } from "./bus-witness.ts";
import { startHealer, type HealerProcess } from "./healer.ts";
import { tailJournal, type JournalTail } from "./journal-tail.ts";
import { carriers, sendSignal } from "./process-scan.ts";
import { scratchFolder, startPm2, type RealPm2 } from "./real-pm2.ts";

/** Short enough for a kill every few seconds, long enough that each phase of a heal can be aimed at. */
export const KNOBS = { graceMs: 2000, threshold: 3, tokens: 3, refillMs: 4000, killTimeoutMs: 400 };
const SICKEN_EVERY_MS = 250;

/** A PM2 with workers that go bad by chance, one healer that heals them, and witnesses of both. */
export interface KillWorld {
  readonly pm2: RealPm2;
  readonly door: Pm2;
  readonly healer: HealerProcess;
  readonly bus: BusWitness;
  readonly journal: JournalTail;
  rows(): Promise<readonly WorkerRow[]>;
  /** Stops those workers of the app with SIGSTOP that sleep. */
  sicken(app: string): Promise<void>;
  /** From now on nobody is made sick; the crash loop is repaired. */
  calm(): Promise<void>;
  dispose(): Promise<void>;
}

export interface KillWorldOptions {
  readonly random: () => number;
  /** A crash loop beside the frozen workers: its recovery takes a minute to prove. */
  readonly crashLoop: boolean;
}

export async function startKillWorld({ random, crashLoop }: KillWorldOptions): Promise<KillWorld> {
  const pm2 = await startPm2();
  const crashFile = join(scratchFolder(pm2), "crash");
  writeFileSync(crashFile, "");
  await startWorkers(pm2, crashLoop ? crashFile : null);
  const bus = await witnessBus(pm2.home);
  const door = connectPm2({ pm2Home: pm2.home, envNames: [] });
  const healer = await startHealer({ yaml: configFor(pm2.home), pm2Home: pm2.home });
  const rows = async (): Promise<readonly WorkerRow[]> => {
    const listed = await door.list();
    return listed.ok ? listed.value.rows : [];
  };
  const journal = tailJournal(join(healer.home, "journal"));
  const sicken = async (app: string): Promise<void> => {
    for (const row of await rows()) if (row.name === app) stopIfAsleep(row);
  };
  const sickening = makeSick({ rows, journal, random });
  return {
    ...{ pm2, door, healer, bus, journal, rows, sicken },
    calm: async () => {
      rmSync(crashFile, { force: true });
      await sickening.stop();
    },
    dispose: async () => {
      await sickening.stop();
      bus.close();
      door.close();
      await healer.dispose();
      await pm2.killDaemon(); // it would start anew what is ended here
      endOutcasts(pm2);
      await pm2.dispose();
    },
  };
}

async function startWorkers(pm2: RealPm2, crashFile: string | null): Promise<void> {
  const kill_timeout = KNOBS.killTimeoutMs;
  for (const name of ["frozen-a", "frozen-b", "frozen-c"]) await pm2.start({ name, script: "idle.mjs", kill_timeout });
  // Its child outlives PM2's stop, so that a stop-start takes two more kill_timeouts between its halves.
  const wrapped = { script: "wrapper.sh", interpreter: "sh", treekill: false, env: { WRAPPED: "ignore-sigterm.mjs" } };
  for (const name of ["wrapped-a", "wrapped-b"]) await pm2.start({ name, kill_timeout, ...wrapped });
  if (crashFile !== null) await pm2.start({ name: "loop", script: "crash-while.mjs", kill_timeout, env: { CRASH_FILE: crashFile } });
}

function configFor(pm2Home: string): string {
  const { graceMs, threshold, tokens, refillMs } = KNOBS;
  return `version: 1
mode: heal
interval: 500ms
pm2_home: ${pm2Home}
api: false
defaults:
  grace_period_seconds: ${graceMs / 1000}
  consecutive_failures_threshold: ${threshold}
  max_heals_per_hour: 60
  advanced:
    backoff: {base: 1, max: 2}
    circuit: {cool_down: 3, max: 6, max_heals_per_day: 10000}
    budget: {tokens: ${tokens}, refill_seconds: ${refillMs / 1000}}
strategies:
  - {name: restarts, match: {app: "frozen-*"}, rules: [{rule: frozen, for: 1s}], actions: [restart]}
  - {name: stop-starts, match: {app: "wrapped-*"}, rules: [{rule: frozen, for: 1s}], actions: [stop-start]}
  - {name: loops, match: {app: loop}, rules: [{rule: frozen, for: 1h}]}
`;
}

/** Stops a healthy worker with SIGSTOP now and then, and one that was just healed too: some heals fail. */
function makeSick(world: { rows: KillWorld["rows"]; journal: JournalTail; random: () => number }): { stop(): Promise<void> } {
  let going = true;
  const work = (async () => {
    while (going) {
      await sleep(SICKEN_EVERY_MS);
      const rows = await world.rows();
      world.journal.look();
      for (const row of rows) {
        const { name } = row;
        if (!going || name === "loop") continue;
        const phase = world.journal.entries.findLast(({ target }) => target === `${name}:0`)?.control.phase.name ?? "healthy";
        const chance = phase === "verifying" ? 0.06 : phase === "healthy" || phase === "backoff" ? 0.1 : 0;
        if (world.random() < chance) stopIfAsleep(row);
      }
    }
  })();
  return {
    stop: async () => {
      going = false;
      await work;
    },
  };
}

function stopIfAsleep({ pid, status }: WorkerRow): void {
  if (pid !== null && status === "online" && linuxProcesses().pulse(pid)?.state === "S") sendSignal(pid, "SIGSTOP");
}

/** What a stop-start that was cut short could not end any more: children of wrappers, deaf to all but SIGKILL. */
function endOutcasts(pm2: RealPm2): void {
  for (const { pid, command } of carriers(`PM2_HOME=${pm2.home}`)) if (command.includes("ignore-sigterm")) sendSignal(pid, "SIGKILL");
}
