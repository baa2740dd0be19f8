/**
 * What does a flood of log lines do to healer, and what does healer add to what it does to PM2? One worker prints 100 MB/s, or
 * as much as PM2 takes, while healer watches it with none of the two rules about it, with log-pattern, with exceptions-above,
 * and while nobody watches. Each on a PM2 of its own. Prints how long a turn takes (p50, p95) without and with the flood, from its beginning, what it
 * waits for PM2 included, though every turn lists here, which is not so else; PM2's answer to a list, which a client of the bench
 * asks for where no healer does; what healer itself does; and how far the memory of PM2's daemon has grown. The log is cut whenever it has 200 MB, as pm2-logrotate would.
 * Run after a build: npx tsx bench/log-flood.ts [rounds=3] [seconds=10] [MB/s=100] [fork|cluster]
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { connectPm2 } from "../src/world/pm2/connect-pm2.ts";
import { startHealer, type HealerProcess } from "../test/support/healer.ts";
import { startPm2, type RealPm2 } from "../test/support/real-pm2.ts";

const [rounds = 3, seconds = 10, mbPerSecond = 100] = process.argv.slice(2, 5).map(Number);
const MODE = process.argv[5] === "cluster" ? "cluster" : "fork";
const OTHERS = 20;
const WARM_UP_MS = 10_000;
const LOOK_MS = 250;
const TURN_MS = 500;
const LOG_BYTES_MAX = 200e6;
const DIST = new URL("../dist/daemon/", import.meta.url);

const WATCHES: Readonly<Record<string, string | null>> = {
  "nobody watches": null,
  "neither rule": "frozen",
  "log-pattern": "{rule: log-pattern, pattern: '/payment \\d+ (lost|refused)/'}",
  "exceptions-above": "exceptions-above",
};

function configFor(pm2Home: string, rule: string): string {
  return `version: 1
mode: heal
interval: ${TURN_MS}ms
pm2_home: ${pm2Home}
api: false
strategies:
  - {name: all, match: {app: "*"}, rules: [${rule}]}
`;
}

/** Loaded into healer before its own code: each turn lists, and how long PM2 and healer took for it is written down. */
function timedTurns(file: string): string {
  return `import { appendFileSync } from "node:fs";
import { Engine } from ${JSON.stringify(new URL("engine.js", DIST).href)};
import { Pm2Watch } from ${JSON.stringify(new URL("pm2-watch.js", DIST).href)};
const { dispatch } = Engine.prototype;
const { read } = Pm2Watch.prototype;
let listMs = NaN;
let begunMs = NaN;
let turnedMs = performance.now();
Pm2Watch.prototype.isDue = () => {
  if (Number.isNaN(begunMs)) begunMs = performance.now(); // the first thing a turn does
  return true;
};
Pm2Watch.prototype.read = async function (nowMs) {
  const startedMs = performance.now();
  const view = await read.call(this, nowMs);
  listMs = performance.now() - startedMs;
  return view;
};
Engine.prototype.dispatch = function (event) {
  const startedMs = performance.now();
  const result = dispatch.call(this, event);
  const ownMs = performance.now() - startedMs;
  if (event.type !== "turn") return result;
  const gapMs = startedMs - turnedMs;
  const turnMs = startedMs + ownMs - (Number.isNaN(begunMs) ? startedMs : begunMs);
  turnedMs = startedMs;
  appendFileSync(${JSON.stringify(file)}, [listMs, ownMs, gapMs, turnMs].map((ms) => ms.toFixed(3)).join(" ") + "\\n");
  listMs = begunMs = NaN;
  return result;
};
`;
}

interface TurnMs {
  readonly list: number;
  /** null where no healer is. */
  readonly own: number | null;
  /** Since the turn before. */
  readonly gap: number | null;
  /** From its beginning, what it waited for PM2 included. */
  readonly turn: number | null;
}

interface Measured {
  readonly quiet: readonly TurnMs[];
  readonly flood: readonly TurnMs[];
  readonly beforeMb: number;
  readonly peakMb: number;
  readonly printedMbPerSecond: number;
  readonly healerCpuSeconds: number;
  readonly healerMb: number;
  readonly said: readonly string[];
}

async function measure(rule: string | null): Promise<Measured> {
  const pm2 = await startPm2();
  let healer: HealerProcess | null = null;
  try {
    const files = await startWorkers(pm2);
    const preload = join(pm2.home, "timed-turns.mjs");
    writeFileSync(preload, timedTurns(files.turns));
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` };
    if (rule !== null) healer = await startHealer({ yaml: configFor(pm2.home, rule), pm2Home: pm2.home, env });
    await sleep(WARM_UP_MS);
    const asking = healer === null ? askForLists(pm2.home, files.turns) : null;
    writeFileSync(files.turns, "");
    await sleep(seconds * 1000);
    const quiet = timesIn(files.turns);
    writeFileSync(files.turns, "");
    const grown = await floodFor(pm2, files, healer);
    asking?.();
    const said = healer?.lines().filter(({ event }) => ["sensor_blind", "alert"].includes(event)) ?? [];
    return { quiet, flood: timesIn(files.turns), ...grown, said: said.map(({ reason }) => reason) };
  } finally {
    await healer?.dispose();
    await pm2.dispose();
  }
}

function askForLists(pm2Home: string, file: string): () => void {
  const door = connectPm2({ pm2Home, envNames: [] });
  const timer = setInterval(() => {
    const startedMs = performance.now();
    void door.list().then(() => appendFileSync(file, `${(performance.now() - startedMs).toFixed(3)}\n`));
  }, TURN_MS);
  return () => {
    clearInterval(timer);
    door.close();
  };
}

interface BenchFiles {
  readonly turns: string;
  readonly fault: string;
  readonly total: string;
  readonly log: string;
}

async function startWorkers(pm2: RealPm2): Promise<BenchFiles> {
  const scratch = join(pm2.home, "scratch");
  mkdirSync(scratch);
  const [turns, fault, total] = ["turns", "fault", "total"].map((name) => join(scratch, name)) as [string, string, string];
  writeFileSync(turns, "");
  const env = { FAULT_FILE: fault, TOTAL_FILE: total, MB_S: String(mbPerSecond) };
  const [row] = await pm2.start({ script: "flood.mjs", name: "flood", exec_mode: MODE, env });
  const idle = { script: "/bin/sleep", args: ["infinity"], interpreter: "none" } as const;
  await pm2.start({ name: "idle", instances: OTHERS, exec_mode: "fork", ...idle });
  return { turns, fault, total, log: String(row?.pm2Env["pm_out_log_path"]) };
}

async function floodFor(pm2: RealPm2, files: BenchFiles, healer: HealerProcess | null) {
  const beforeMb = rssMb(pm2.daemonPid);
  const printedBefore = Number(readFileSync(files.total, "utf8"));
  const cpuBefore = healer === null ? 0 : cpuSeconds(healer.pid);
  let peakMb = beforeMb;
  const startedMs = performance.now();
  writeFileSync(files.fault, "");
  while (performance.now() - startedMs < seconds * 1000) {
    await sleep(LOOK_MS);
    peakMb = Math.max(peakMb, rssMb(pm2.daemonPid));
    if (existsSync(files.log) && statSync(files.log).size > LOG_BYTES_MAX) truncateSync(files.log);
  }
  const printedMbPerSecond = (Number(readFileSync(files.total, "utf8")) - printedBefore) / 1e3 / (performance.now() - startedMs);
  const healerCpuSeconds = healer === null ? 0 : cpuSeconds(healer.pid) - cpuBefore;
  rmSync(files.fault);
  return { beforeMb, peakMb, printedMbPerSecond, healerCpuSeconds, healerMb: healer === null ? 0 : rssMb(healer.pid) };
}

function timesIn(file: string): readonly TurnMs[] {
  const lines = readFileSync(file, "utf8").trim().split("\n").filter(Boolean);
  return lines
    .map((line) => line.split(" ").map(Number))
    .map(([list = 0, own = null, gap = null, turn = null]) => ({ list, own, gap, turn }));
}

function rssMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ is 100 on every Linux
}

function at(times: readonly number[], part: number): number {
  return times.toSorted((one, other) => one - other)[Math.floor(part * (times.length - 1))] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return at(values, 0.5);
}

function turnsOf(measured: readonly Measured[], part: (turn: TurnMs) => number | null): string {
  const times = (turns: readonly TurnMs[]): readonly number[] => turns.map((turn) => part(turn) ?? NaN).filter(Number.isFinite); // not in every turn a list comes in
  const [quiet, flood] = [measured.flatMap((each) => times(each.quiet)), measured.flatMap((each) => times(each.flood))];
  if (quiet.length === 0) return "";
  const of = (share: number): string =>
    `${at(quiet, share).toFixed(1)} → ${at(flood, share).toFixed(1)} ms (${(at(flood, share) / at(quiet, share)).toFixed(1)}×)`;
  return `p50 ${of(0.5)}, p95 ${of(0.95)} (${quiet.length} and ${flood.length} times)`;
}

console.log(`${MODE}: ${seconds} s quiet, then ${seconds} s of ${mbPerSecond} MB/s; ${rounds} rounds`);
const all = new Map<string, Measured[]>(Object.keys(WATCHES).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) for (const [name, rule] of Object.entries(WATCHES)) all.get(name)?.push(await measure(rule));
const alone = median(all.get("nobody watches")?.map(({ peakMb, beforeMb }) => peakMb - beforeMb) ?? []);
for (const [name, measured] of all) {
  const grown = measured.map(({ peakMb, beforeMb }) => peakMb - beforeMb);
  const printed = median(measured.map(({ printedMbPerSecond }) => printedMbPerSecond));
  const beyond = name === "nobody watches" ? "" : `, ${(median(grown) - alone).toFixed(0)} MB beyond PM2 alone`;
  const healerCpu = median(measured.map(({ healerCpuSeconds }) => healerCpuSeconds)) / seconds;
  console.log(
    `${name}: ${printed.toFixed(0)} MB/s printed; PM2's daemon grew by ${grown.map((mb) => mb.toFixed(0)).join(", ")} MB${beyond}`,
  );
  console.log(`  PM2 lists in ${turnsOf(measured, ({ list }) => list)}`);
  if (beyond === "") continue;
  console.log(`  a turn of healer: ${turnsOf(measured, ({ turn }) => turn)}`);
  console.log(`  healer's own work of a turn: ${turnsOf(measured, ({ own }) => own)}`);
  console.log(`  from turn to turn: ${turnsOf(measured, ({ gap }) => gap)}`);
  console.log(`  healer: ${(healerCpu * 100).toFixed(1)}% of a core, ${median(measured.map(({ healerMb }) => healerMb)).toFixed(0)} MB`);
  for (const reason of new Set(measured.flatMap(({ said }) => said))) console.log(`  it said: ${reason}`);
}
