/**
 * What does looking for copies cost on a machine with many processes? Milliseconds of the first reading, the longest
 * time it keeps everybody else waiting, and of the readings after it, beside reading everything every time. Spawns
 * sleeping processes for it: workers as PM2 marks them, and others. The very first line is with cold code. Run: npx tsx bench/scan-cost.ts [workers] [others]
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Pm2View } from "../src/core/observation.ts";
import type { WorkerRow } from "../src/core/worker-row.ts";
import { createProcessCopies, type ProcessCopies } from "../src/sensors/process-copies.ts";
import type { SensorContext, WatchedWorker } from "../src/sensors/sensor.ts";
import { openProcesses } from "../src/world/processes/open-processes.ts";

const WORKERS = Number(process.argv[2] ?? 500);
const OTHERS = Number(process.argv[3] ?? 300);
const READINGS = 100;
const GROUP = 10;
const HOME = "/nonexistent/.pm2";
const SETTLED_MS = 11_000; // processes younger than ten seconds are read every time

function sleeper(seconds: number, marks: Readonly<Record<string, string>>): ChildProcess {
  return spawn("sleep", [String(seconds)], { stdio: "ignore", env: { PATH: process.env["PATH"], ...marks } });
}

function workerMarks(number: number): Record<string, string> {
  const name = `app-${Math.floor(number / GROUP)}`;
  const padding = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`SETTING_${index}`, "x".repeat(60)]));
  return { ...padding, PM2_HOME: HOME, name, namespace: "default", pm_id: String(number), pm_exec_path: `/app/${name}.js`, pm_cwd: "/app" };
}

function row(number: number, pid: number): WorkerRow {
  const name = `app-${Math.floor(number / GROUP)}`;
  return {
    ...{ pmId: number, name, namespace: "default", instance: String(number % GROUP), script: `/app/${name}.js`, cwd: "/app" },
    ...{ args: [], interpreter: "node", pid, status: "online", mode: "fork", startedWallMs: 1, createdWallMs: 1, restarts: 0 },
    ...{ exitCode: null, killTimeoutMs: 1_600, listenTimeoutMs: 3_000, autorestart: true, restartDelayMs: 0, stopExitCodes: [] },
    ...{ maxRestarts: 16, minUptimeMs: 1_000, expBackoffMs: null, cronRestart: null, watch: false },
    ...{ maxMemoryRestartBytes: null, configuredInstances: GROUP, isModule: false, isNode: true, tellsExceptions: true },
    ...{ logs: { out: null, err: null }, memoryBytes: null, report: null, vitals: null, agentFigures: null, env: {} },
  };
}

function copiesFor(view: Pm2View): ProcessCopies {
  return createProcessCopies({
    ...{ processes: openProcesses(), pm2: () => view, pm2Home: HOME, selfPids: [process.pid], maxWorkersOf: () => null },
    ...{ everyMs: 2_000, wallMs: Date.now, realPath: (path) => path },
  });
}

interface Spent {
  readonly ms: number;
  /** The longest time without anybody else having a turn. */
  readonly longestMs: number;
  /** Of the processor, which a machine busy with other things does not lengthen. */
  readonly cpuMs: number;
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  let [longestMs, lastMs, running] = [0, performance.now(), true];
  const watch = (): void => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
    if (running) setImmediate(watch);
  };
  const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()];
  setImmediate(watch);
  await work();
  const [ms, cpu] = [performance.now() - startedMs, process.cpuUsage(startedCpu)];
  running = false;
  watch();
  return { ms, longestMs, cpuMs: (cpu.user + cpu.system) / 1000 };
}

function percentiles(name: string, spent: readonly Spent[]): void {
  const sorted = spent.map(({ ms }) => ms).toSorted((one, other) => one - other);
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(2).padStart(7);
  const cpuMs = spent.reduce((sum, each) => sum + each.cpuMs, 0) / spent.length;
  console.log(`${name.padEnd(34)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   processor ${cpuMs.toFixed(2)} ms a reading`);
}

async function measure(view: Pm2View): Promise<void> {
  const workers = view.rows.map((each): WatchedWorker => ({
    id: `${each.name}:${each.instance}`,
    group: each.name,
    strategy: "s",
    row: each,
  }));
  const context: SensorContext = { now: () => 0, workers, signal: new AbortController().signal };
  const copies = copiesFor(view);
  const first = await timed(() => copies.sensor.read(context));
  const firstCost = `${first.ms.toFixed(1)} ms in all, at most ${first.longestMs.toFixed(1)} ms at a time, processor ${first.cpuMs.toFixed(1)} ms`;
  console.log(`${"first reading".padEnd(34)} ${firstCost}`);
  const [later, now, everything]: [Spent[], Spent[], Spent[]] = [[], [], []];
  for (let reading = 0; reading < READINGS; reading++) {
    later.push(await timed(() => copies.sensor.read(context)));
    now.push(await timed(async () => copies.lookNow(0)));
  }
  for (let reading = 0; reading < READINGS / 4; reading++) everything.push(await timed(() => copiesFor(view).sensor.read(context)));
  percentiles("a later reading", later);
  percentiles("a look before something is ended", now);
  percentiles("reading everything every time", everything);
}

const sleepers = [
  ...Array.from({ length: WORKERS }, (_, number) => sleeper(600, workerMarks(number))),
  ...Array.from({ length: OTHERS }, () => sleeper(601, {})),
];
try {
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const rows = sleepers.slice(0, WORKERS).map(({ pid }, number) => row(number, pid ?? 0));
  console.log(`${WORKERS} workers, ${OTHERS} others, ${openProcesses().pids().length} processes in all`);
  await measure({ generation: "1", version: "7.0.4", readWallMs: Date.now(), rows });
} finally {
  for (const child of sleepers) child.kill("SIGKILL");
}
