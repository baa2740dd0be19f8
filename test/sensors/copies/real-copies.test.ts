import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import type { OutsideCopy } from "../../../src/core/copy.ts";
import type { Pm2View } from "../../../src/core/observation.ts";
import { createProcessCopies, type ProcessCopies } from "../../../src/sensors/process-copies.ts";
import type { WatchedWorker } from "../../../src/sensors/sensor.ts";
import { systemFiles } from "../../../src/world/files/system-files.ts";
import { openProcesses } from "../../../src/world/processes/open-processes.ts";
import { parseRows } from "../../../src/world/pm2/parse-rows.ts";
import { isAlive, sendSignal } from "../../support/process-scan.ts";
import { startPm2, type AppOptions, type RealPm2 } from "../../support/real-pm2.ts";
import { until } from "../../support/until.ts";
import { sensorContext } from "../../support/watched-worker.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/workers");
const hasPython = spawnSync("python3", ["--version"]).status === 0;
/** Scripts of this run alone: others on the machine may well run the fixtures themselves. */
const WORKERS = mkdtempSync(join(realpathSync(tmpdir()), "h-"));
for (const script of ["idle.mjs", "idle.py"]) copyFileSync(join(FIXTURES, script), join(WORKERS, script));
afterAll(() => rmSync(WORKERS, { recursive: true, force: true }));
const NODE: AppOptions = { script: `${WORKERS}/idle.mjs`, name: "js", pmx: false, args: ["--queue", "a b"], cwd: WORKERS };
const PYTHON: AppOptions = { script: `${WORKERS}/idle.py`, name: "py", interpreter: "python3", args: ["--queue", "a b"], cwd: WORKERS };

const files = systemFiles();
const opened: RealPm2[] = [];
const started: number[] = [];
afterEach(async () => {
  for (const pid of started.splice(0)) sendSignal(pid, "SIGKILL");
  for (const pm2 of opened.splice(0)) await pm2.dispose();
});

async function openPm2(): Promise<RealPm2> {
  const pm2 = await startPm2();
  opened.push(pm2);
  return pm2;
}

async function listOf(pm2: RealPm2): Promise<Pm2View> {
  const list = (await pm2.list()).map(({ pmId, name, pid, pm2Env }) => ({ pm_id: pmId, name, pid: pid ?? 0, pm2_env: pm2Env }));
  return { generation: "1", version: pm2.version, readWallMs: Date.now(), rows: parseRows(list, new Set(), Date.now())?.rows ?? [] };
}

/** The sensor and its eyes on one PM2, whose list is read before each look. */
function watching(pm2: RealPm2): { look(): Promise<readonly OutsideCopy[]>; readonly copies: ProcessCopies } {
  let view: Pm2View | null = null;
  const copies = createProcessCopies({
    ...{ processes: openProcesses(), pm2: () => view, pm2Home: pm2.home, selfPids: [process.pid], maxWorkersOf: () => 0 },
    ...{ everyMs: 2_000, wallMs: Date.now, realPath: (path) => files.realPath(path) },
  });
  return {
    copies,
    async look() {
      view = await listOf(pm2);
      const workers = view.rows.map((row): WatchedWorker => ({ id: `${row.name}:0`, group: row.name, strategy: "s", row }));
      const [seen] = await copies.sensor.read(sensorContext(workers));
      return seen?.kind === "copies" ? seen.copies : [];
    },
  };
}

async function killOnly(pm2: RealPm2): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000)); // a worker whose daemon dies while it still loads dies with it
  const pid = pm2.daemonPid;
  sendSignal(pid, "SIGKILL");
  await until(() => !isAlive(pid), "PM2's daemon to end");
}

test.skipIf(!hasPython)("what a killed daemon leaves behind is an orphan beside the rows of the next one", async () => {
  const pm2 = await openPm2();
  const rows = [...(await pm2.start(NODE)), ...(await pm2.start(PYTHON))];
  started.push(...rows.map(({ pid }) => pid ?? 0));
  expect(await watching(pm2).look(), "rows themselves").toEqual([]);
  await killOnly(pm2);
  await pm2.startDaemon();
  await pm2.start(NODE);
  await pm2.start(PYTHON);
  const { look } = watching(pm2);
  let found: readonly OutsideCopy[] = [];
  await until(async () => (found = await look()).length === 2, "both orphans");
  expect(found.map(({ group, owner, pid, untouchable }) => ({ group, owner, pid, untouchable }))).toEqual(
    rows.map(({ name, pid }) => ({ group: name, owner: "orphan", pid, untouchable: null })),
  );
  expect(found.map(({ restore }) => restore)).toEqual([
    `cd ${WORKERS} && node ${WORKERS}/idle.mjs --queue 'a b'`,
    expect.stringMatching(/^cd \S+ && \S*python3\S* \S+\/idle\.py --queue 'a b'$/),
  ]);
});

test("a copy whose shell has ended is still known to come from it", async () => {
  const pm2 = await openPm2();
  await pm2.start({ ...NODE, args: [] });
  const { look, copies } = watching(pm2);
  expect(await look()).toEqual([]);
  const shell = spawn("sh", ["-c", "node idle.mjs & read line"], {
    ...{ cwd: WORKERS, stdio: ["pipe", "ignore", "ignore"] },
    env: { PATH: process.env["PATH"], HEALER_TEST_RUN: process.env["HEALER_TEST_RUN"], SSH_CONNECTION: "10.0.0.7 5 10.0.0.1 22" },
  });
  let found: readonly OutsideCopy[] = [];
  await until(async () => (found = await look()).length === 1, "the copy");
  started.push(found[0]?.pid ?? 0);
  shell.stdin.end("\n");
  await until(() => !isAlive(shell.pid ?? 0), "the end of the shell");
  const copy = copies.lookNow(1)?.copies[0];
  expect(copy).toMatchObject({ group: "js", owner: "outside", command: "node idle.mjs", untouchable: null });
  expect(copy?.restore).toBe(`cd ${WORKERS} && node idle.mjs`);
  expect(copy?.origin).toMatchObject({ cwd: WORKERS, output: "/dev/null", marks: { SSH_CONNECTION: "10.0.0.7 5 10.0.0.1 22" } });
  expect(copy?.origin.ancestors[0]?.command).toBe(`sh -c 'node idle.mjs & read line' (ended)`);
  expect(copy?.origin.ancestors[0]?.pid).toBe(shell.pid);
});

test.skipIf(!hasPython)("a row of another daemon is that daemon's, and not for healer to end", async () => {
  const [ours, theirs] = [await openPm2(), await openPm2()];
  for (const app of [NODE, PYTHON]) for (const pm2 of [ours, theirs]) await pm2.start(app);
  const foreign = (await theirs.list()).map(({ pid }) => pid);
  const { look } = watching(ours);
  let found: readonly OutsideCopy[] = [];
  await until(async () => (found = await look()).length === 2, "both: whatever stands for python3 may be a script that becomes it");
  expect(found.map(({ pid }) => pid)).toEqual(foreign);
  for (const copy of found) {
    expect(copy.owner).toBe("other_daemon");
    expect(copy.untouchable).toBe(`PM2 daemon ${theirs.daemonPid} (${theirs.home}) would bring it back`);
    expect(copy.origin.ancestors[0]?.command).toContain("God Daemon");
  }
});

test("a command elsewhere, an editor and a check of the script are no copies to be ended", async () => {
  const pm2 = await openPm2();
  await pm2.start({ ...NODE, args: [] });
  const start = (command: string, args: readonly string[], cwd: string): number => {
    const child = spawn(command, args, {
      cwd,
      stdio: "ignore",
      env: { PATH: process.env["PATH"], HEALER_TEST_RUN: process.env["HEALER_TEST_RUN"] },
    });
    started.push(child.pid ?? 0);
    return child.pid ?? 0;
  };
  start("tail", ["-f", "idle.mjs"], WORKERS);
  start("node", [`${FIXTURES}/ignore-sigterm.mjs`, "idle.mjs"], WORKERS);
  const elsewhere = start("node", [`${WORKERS}/idle.mjs`], dirname(WORKERS));
  const { look } = watching(pm2);
  let found: readonly OutsideCopy[] = [];
  await until(async () => (found = await look()).length > 0, "the one elsewhere");
  expect(found.map(({ pid, untouchable }) => ({ pid, untouchable }))).toEqual([
    { pid: elsewhere, untouchable: `its working directory is ${dirname(WORKERS)}, the app's is ${WORKERS}` },
  ]);
});
