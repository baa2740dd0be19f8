/**
 * What does healer cost while nothing happens? CPU seconds a minute and memory of healer, the CPU it causes in PM2's
 * daemon, and the time from its start to its first turn, at 10, 100 and 500 idle workers, beside what PM2's daemon uses
 * without healer in the same run. CPU time, so that other work on the machine changes little.
 * Run after a build: npx tsx bench/idle-cost.ts [seconds=60] [workers…=10 100 500]
 * HEALER_NODE_OPTIONS goes to healer alone, "--max-semi-space-size=2" for one.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startHealer, type HealerProcess } from "../test/support/healer.ts";
import { startPm2, type RealPm2 } from "../test/support/real-pm2.ts";
import { until } from "../test/support/until.ts";

const [seconds = 60, ...sizes] = process.argv.slice(2).map(Number);
const SIZES = sizes.length === 0 ? [10, 100, 500] : sizes;
const APP_INSTANCES = 10;
const TICK_MS = 10; // utime and stime of /proc/PID/stat count in USER_HZ, which is 100 on every Linux
const WARM_UP_MS = 15_000; // the first snapshot and the first compilation of everything hot lie in it
const ENVIRONMENT = Object.fromEntries(Array.from({ length: 25 }, (_, number) => [`SETTING_${number}`, "value ".repeat(8)]));

/** The rules of an ordinary fleet: all that looks at a process, and a queue that counts per worker. */
function configFor(pm2Home: string, queueUrl: string): string {
  return `version: 1
mode: heal
interval: 2s
pm2_home: ${pm2Home}
api: {host: 127.0.0.1, port: 0}
queues: {tasks: {type: http, url: "${queueUrl}", worker_key: name-instance}}
strategies:
  - {name: fleet, match: {app: "fleet-*"}, queue: tasks, rules: [frozen, {rule: memory-above, limit: 512MB}]}
`;
}

interface Cost {
  readonly workers: number;
  readonly pm2Alone: number;
  readonly pm2: number;
  readonly healer: number;
  readonly rssMb: number;
  readonly peakMb: number;
  readonly firstTurnMs: number;
  readonly firstTurnCpuMs: number;
}

/** CPU seconds a minute of each process, over the measured span. */
async function spend(pids: readonly number[]): Promise<readonly number[]> {
  const before = pids.map(cpuMs);
  const startedAt = performance.now();
  await sleep(seconds * 1000);
  const minutes = (performance.now() - startedAt) / 60_000;
  return pids.map((pid, index) => (cpuMs(pid) - (before[index] ?? 0)) / 1000 / minutes);
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function statusMb(pid: number, field: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function measure(pm2: RealPm2, workers: number, queueUrl: string): Promise<Cost> {
  const [pm2Alone = Number.NaN] = await spend([pm2.daemonPid]);
  const startedAt = performance.now();
  const healer = await startHealer({
    yaml: configFor(pm2.home, queueUrl),
    pm2Home: pm2.home,
    env: { NODE_OPTIONS: process.env["HEALER_NODE_OPTIONS"] ?? "" },
  });
  try {
    await until(() => hasTurned(healer), "the first turn");
    const firstTurnMs = performance.now() - startedAt;
    const firstTurnCpuMs = cpuMs(healer.pid);
    await sleep(WARM_UP_MS);
    const [daemon = Number.NaN, own = Number.NaN] = await spend([pm2.daemonPid, healer.pid]);
    const [rssMb, peakMb] = [statusMb(healer.pid, "VmRSS"), statusMb(healer.pid, "VmHWM")];
    return { workers, pm2Alone, pm2: daemon, healer: own, rssMb, peakMb, firstTurnMs, firstTurnCpuMs };
  } finally {
    await healer.stop();
    await healer.dispose();
  }
}

function hasTurned(healer: HealerProcess): boolean {
  return healer.lines().some(({ event }) => event === "target_new");
}

async function growTo(pm2: RealPm2, workers: number): Promise<void> {
  const apps = Math.ceil(workers / APP_INSTANCES);
  const rows = await pm2.list();
  for (let app = rows.length / APP_INSTANCES; app < apps; app++) {
    const options = { script: "/bin/sleep", args: ["infinity"], interpreter: "none", env: ENVIRONMENT } as const;
    await pm2.start({ name: `fleet-${app}`, instances: APP_INSTANCES, exec_mode: "fork", ...options });
  }
  await sleep(5000); // PM2 settles
}

/** Counts that stand still, for every worker there will ever be. */
async function serveQueue(): Promise<{ readonly url: string; close(): void }> {
  const names = Array.from({ length: Math.max(...SIZES) }, (_, number) => `fleet-${Math.floor(number / 10)}-${number % 10}`);
  const workers = Object.fromEntries(names.map((name) => [name, { completed: 100, failed: 1 }]));
  const body = JSON.stringify({ total: 101, pending: 0, running: 0, completed: 100, failed: 1, workers });
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "application/json" }).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/api/stats`, close: () => server.close() };
}

const COLUMNS = ["workers", "PM2 alone", "PM2 beside", "healer", "healer causes in all", "RSS MB", "peak MB", "first turn", "its CPU"];

function print(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => cell.padStart((COLUMNS[index]?.length ?? 0) + 2)).join(""));
}

const pm2 = await startPm2();
const queue = await serveQueue();
try {
  console.log(`CPU seconds a minute, over ${seconds} s each`);
  print(COLUMNS);
  for (const workers of SIZES) {
    await growTo(pm2, workers);
    const cost = await measure(pm2, workers, queue.url);
    const caused = cost.healer + cost.pm2 - cost.pm2Alone;
    const cpu = [cost.pm2Alone, cost.pm2, cost.healer, caused].map((value) => value.toFixed(2));
    const memory = [cost.rssMb, cost.peakMb].map((value) => value.toFixed(0));
    print([String(workers), ...cpu, ...memory, `${cost.firstTurnMs.toFixed(0)} ms`, `${cost.firstTurnCpuMs} ms`]);
  }
} finally {
  queue.close();
  await pm2.dispose();
}
