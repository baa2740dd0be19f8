import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { carriers, isAlive, sendSignal } from "./process-scan.ts";
import { startPm2, type RealPm2 } from "./real-pm2.ts";
import { until } from "./until.ts";

const WORKERS = fileURLToPath(new URL("../fixtures/workers/", import.meta.url));

/** One app in five copies, each started by somebody else, as an operator finds them in the morning. */
export interface DuplicateStage {
  readonly pm2: RealPm2;
  readonly second: RealPm2;
  /** pid of each copy by who owns it: the newest row, the row before it, and so on. */
  readonly pids: Readonly<Record<"kept" | "surplus" | "orphan" | "script" | "other", number>>;
  /** Which of them live now. */
  alive(): readonly string[];
  dispose(): Promise<void>;
}

export interface StagedApp {
  readonly name: string;
  /** File of `test/fixtures/workers`. */
  readonly script: string;
  readonly interpreter?: string;
}

/**
 * An orphan of a PM2 daemon that was killed, two rows of the daemon after it, a copy from a shell script whose scheduler has
 * exited, and one under a second living daemon.
 */
export async function stageDuplicates(app: StagedApp): Promise<DuplicateStage> {
  const cwd = mkdtempSync(join(tmpdir(), "d-"));
  const script = join(cwd, app.script); // of its own: who runs the same file elsewhere is found too
  copyFileSync(resolve(WORKERS, app.script), script);
  const options = { ...app, script, cwd, pmx: false, exec_mode: "fork" as const };
  const pm2 = await startPm2();
  const second = await startPm2();
  const [before] = await pm2.start(options);
  await new Promise((resolve) => setTimeout(resolve, 1_000)); // a worker whose daemon dies while it still loads dies with it
  await pm2.orphanWorkers();
  await pm2.startDaemon();
  await pm2.start(options);
  await pm2.scale(app.name, 2);
  const rows = (await pm2.list()).toSorted((one, other) => one.pmId - other.pmId);
  const [other] = await second.start(options);
  const fromScript = await startFromScript({ ...app, script }, cwd);
  const pids = {
    kept: present(rows[1]?.pid, "the newest row"),
    surplus: present(rows[0]?.pid, "the row before it"),
    orphan: present(before?.pid, "the row of the daemon that was killed"),
    script: fromScript,
    other: present(other?.pid, "the row of the other daemon"),
  };
  return {
    ...{ pm2, second, pids },
    alive: () => Object.entries(pids).flatMap(([name, pid]) => (isAlive(pid) ? [name] : [])),
    async dispose() {
      for (const pid of [pids.orphan, pids.script]) sendSignal(pid, "SIGKILL");
      await pm2.dispose();
      await second.dispose();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** `sh run.sh &` of a scheduler: the shell has ended when this answers, and nothing but init is above the copy. */
export async function startFromScript(
  { script, interpreter = process.execPath }: Omit<StagedApp, "name">,
  cwd: string,
  ownEnv: Readonly<Record<string, string>> = {},
): Promise<number> {
  const mark = `STAGED_BY_SCRIPT=${cwd}`;
  const env = { ...process.env, ...ownEnv, STAGED_BY_SCRIPT: cwd };
  const line = `exec 1>script.log 2>&1; '${interpreter}' '${script}' &`;
  const shell = spawn("sh", ["-c", line], { cwd, detached: true, stdio: "ignore", env });
  await until(() => shell.exitCode !== null, "the shell to end");
  // Between the shell and the program it becomes, the kernel may show neither.
  const copies = (): readonly number[] =>
    carriers(mark).flatMap(({ pid, command }) => (command.includes(script) && !command.startsWith("sh") ? [pid] : []));
  let copy: number | undefined;
  await until(() => ([copy] = copies()) && copy !== undefined, mark);
  return present(copy, "the copy from a script");
}

function present(pid: number | null | undefined, what: string): number {
  if (pid == null) throw new Error(`${what} does not run`);
  return pid;
}
