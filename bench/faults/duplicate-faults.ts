import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Stage } from "../../test/integration/stage.ts";
import { startFromScript } from "../../test/support/duplicate-stage.ts";
import { isAlive, sendSignal } from "../../test/support/process-scan.ts";
import { startPm2, type RealPm2 } from "../../test/support/real-pm2.ts";
import type { Fault } from "./fault.ts";

const WORKER = fileURLToPath(new URL("../../test/fixtures/workers/faulty.mjs", import.meta.url));
const STANDS_SECONDS = 5;
const LOOKED_MS = 50_000; // copies are looked for every 30 s at least, and what is too many must stand for a while

interface Staged {
  readonly app: string;
  readonly name: string;
  readonly trimOutside: "orphans" | "all";
  /** Whether the copy is to be ended; else it is told, and lives. */
  readonly ends: boolean;
  readonly ownPm2?: true;
  /** Answers with the copy's pid. */
  readonly start: (stage: Stage, app: string) => Promise<number>;
}

/** One worker more than there may be, started by somebody else: who is ended, who is only told, and that no task is lost with it. */
export function duplicateFaults(): { readonly faults: readonly Fault[]; dispose(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), "d-"));
  const copies: number[] = [];
  const others: RealPm2[] = [];
  const byHand = (stage: Stage, app: string) => startFromScript({ script: scriptOf(folder, app) }, join(folder, app), envOf(stage, app));
  const underAnother = async (stage: Stage, app: string): Promise<number> => {
    const other = await startPm2();
    others.push(other);
    return pidOf(await other.start({ ...workersOf(folder, app), name: app, env: envOf(stage, app) }));
  };
  const staged: readonly Staged[] = [
    { ...{ app: "dup-orphan", name: "orphan", ownPm2: true, start: orphan }, ...{ trimOutside: "orphans", ends: true } },
    { ...{ app: "dup-hand", name: "by hand", start: byHand }, ...{ trimOutside: "orphans", ends: false } },
    { ...{ app: "dup-hand-all", name: "by hand, all end", start: byHand }, ...{ trimOutside: "all", ends: true } },
    { ...{ app: "dup-second", name: "second daemon", start: underAnother }, ...{ trimOutside: "all", ends: false } },
  ];
  return {
    faults: staged.map((each) => faultOf(each, folder, (pid) => copies.push(pid))),
    async dispose() {
      for (const pid of copies) sendSignal(pid, "SIGKILL");
      for (const other of others) await other.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function faultOf({ app, name, trimOutside, ends, ownPm2, start }: Staged, folder: string, note: (pid: number) => void): Fault {
  let copy = -1;
  return {
    name: `duplicate: ${name}`,
    part: {
      app,
      workers: { ...workersOf(folder, app), env: { NAMED_BY: "pid", PORT: "0" } }, // any port: who finds his taken is another fault
      strategy: { rules: [], max_workers: 1, trim_outside: trimOutside, advanced: { trim_after_seconds: STANDS_SECONDS } },
    },
    async begin(stage) {
      copy = await start(stage, app);
      note(copy);
    },
    missed: () => (isAlive(copy) === ends ? [ends ? "the copy lives" : "the copy was ended"] : []),
    ...{ restarts: 0, tells: "duplicate_found", ...(ownPm2 ? { ownPm2 } : {}) },
    ...(ends ? { patienceMs: 120_000 } : { heals: "never", patienceMs: LOOKED_MS }),
  };
}

/** Its PM2 daemon is killed under it, and another brings its apps back. */
async function orphan({ pm2 }: Stage, app: string): Promise<number> {
  const pid = pidOf((await pm2.list()).filter((row) => row.name === app));
  await pm2.save();
  await pm2.orphanWorkers();
  await pm2.startDaemon();
  await pm2.resurrect();
  return pid;
}

/** A file and a folder of its own: another app's workers of the same file would be its copies. */
function workersOf(folder: string, app: string) {
  mkdirSync(join(folder, app), { recursive: true });
  copyFileSync(WORKER, scriptOf(folder, app));
  return { script: scriptOf(folder, app), cwd: join(folder, app), pmx: false, exec_mode: "fork" } as const; // with pmx it ends with its daemon
}

function scriptOf(folder: string, app: string): string {
  return join(folder, app, "faulty.mjs");
}

function envOf({ stats }: Stage, app: string): Readonly<Record<string, string>> {
  return { QUEUE_URL: `${stats.url}/${app}`, NAMED_BY: "pid" };
}

function pidOf([row]: readonly { readonly pid: number | null }[]): number {
  if (row?.pid == null) throw new Error("the worker does not run");
  return row.pid;
}
