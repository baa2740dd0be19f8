/**
 * What does a turn cost the core? Nanoseconds per target and turn of `step`, for 1,000 workers in groups of ten, idle
 * and with task traffic, and the memory a worker takes. Run: npx tsx bench/step.ts
 */
import { loadConfig } from "../src/config/load.ts";
import type { Observation, Pm2View } from "../src/core/observation.ts";
import { settledStandings } from "../src/core/standing.ts";
import { createState, type State } from "../src/core/state.ts";
import { step } from "../src/core/step.ts";
import { addTasks, createTaskWindows } from "../src/core/task-windows.ts";
import type { WorkerRow } from "../src/core/worker-row.ts";

const WORKERS = 1_000;
const GROUP = 10;
const TURNS = 500;
const INTERVAL_MS = 2_000;

const CONFIG = `
version: 1
mode: heal
queues: {q: {type: http, url: "http://127.0.0.1:1/api/stats"}}
strategies:
  - name: all
    match: {app: "*"}
    queue: q
    rules: [frozen, {rule: memory-above, limit: 512MB}, queue-stalled]
`;

function row(number: number): WorkerRow {
  return {
    pmId: number,
    name: `app-${Math.floor(number / GROUP)}`,
    namespace: "default",
    instance: String(number % GROUP),
    script: "/app/worker.js",
    cwd: "/app",
    args: [],
    interpreter: "node",
    pid: 10_000 + number,
    status: "online",
    mode: "fork",
    startedWallMs: 1,
    createdWallMs: 1,
    restarts: 0,
    exitCode: null,
    killTimeoutMs: 1_600,
    listenTimeoutMs: 3_000,
    autorestart: true,
    restartDelayMs: 0,
    maxRestarts: 16,
    minUptimeMs: 1000,
    expBackoffMs: null,
    cronRestart: null,
    watch: false,
    stopExitCodes: [],
    maxMemoryRestartBytes: null,
    configuredInstances: GROUP,
    isModule: false,
    isNode: true,
    tellsExceptions: true,
    logs: { out: null, err: null },
    memoryBytes: 50e6,
    report: null,
    vitals: null,
    agentFigures: null,
    env: {},
  };
}

const rows = Array.from({ length: WORKERS }, (_, number) => row(number));
const view: Pm2View = { generation: "1", version: "7.0.4", readWallMs: 0, rows };

function newState(): State {
  const compiled = loadConfig(CONFIG, { file: "bench.yaml", env: {} });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const { policy } = compiled.value;
  const state = createState({ policy, self: { pids: [] }, seed: 1, atMs: 0, wallMs: 1e12 });
  state.standings = settledStandings(policy); // a healer that has run for long
  return state;
}

/** One outcome or pulse a worker and turn; every tenth worker of a group finishes a task. */
function traffic(state: State, turn: number): readonly Observation[] {
  const observations: Observation[] = [];
  let number = 0;
  for (const target of state.targets.values()) {
    if (target.kind !== "worker") continue;
    number++;
    const atMs = turn * INTERVAL_MS;
    observations.push({
      kind: "pulse",
      target: target.id,
      atMs,
      pid: target.row?.pid ?? 0,
      state: "S",
      voluntarySwitches: turn * 5,
    });
    if (number % 3 === turn % 3) observations.push({ kind: "tasks", target: target.id, atMs, ok: 1, failed: turn % 17 === 0 ? 1 : 0 });
  }
  return observations;
}

function measure(name: string, options: { list: boolean; busy: boolean }): void {
  const state = newState();
  step(state, { type: "turn", atMs: 0, wallMs: 1e12, pm2: view, observations: [], stalledMs: 0 });
  let spentNs = 0n;
  for (let turn = 1; turn <= TURNS; turn++) {
    const observations = options.busy ? traffic(state, turn) : [];
    const atMs = turn * INTERVAL_MS;
    const startedAt = process.hrtime.bigint();
    step(state, { type: "turn", atMs, wallMs: 1e12 + atMs, pm2: options.list ? view : null, observations, stalledMs: 0 });
    spentNs += process.hrtime.bigint() - startedAt;
  }
  const perTarget = Number(spentNs) / TURNS / WORKERS;
  console.log(
    `${name.padEnd(34)} ${perTarget.toFixed(0).padStart(6)} ns/worker/turn   ${(1e9 / perTarget / 1e3).toFixed(0).padStart(6)}k worker-turns/s`,
  );
}

/** Bytes of V8's heap and of the rings beside it. */
function inUse(): number {
  for (let round = 0; round < 4; round++) globalThis.gc?.(); // rings are let go of after the heap
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function memory(): void {
  if (globalThis.gc === undefined) return console.log("memory: run with node --expose-gc --import tsx");
  const before = inUse();
  const windows = Array.from({ length: WORKERS }, () => createTaskWindows(0));
  for (const one of windows) addTasks(one, 1, { ok: 1, failed: 1 });
  const windowed = inUse();
  const state = newState();
  step(state, { type: "turn", atMs: 0, wallMs: 1e12, pm2: view, observations: [], stalledMs: 0 });
  const idle = inUse();
  const observations = [1, 2, 3].flatMap((turn) => traffic(state, turn));
  step(state, { type: "turn", atMs: 2_000, wallMs: 1e12, pm2: null, observations, stalledMs: 0 });
  observations.length = 0;
  const busy = inUse();
  const perWorker = (bytes: number): string => `${(bytes / WORKERS / 1024).toFixed(1)} KiB`;
  console.log(`memory per worker: both windows ${perWorker(windowed - before)}; all of it ${perWorker(idle - windowed)} as long as it`);
  console.log(`  does nothing, ${perWorker(busy - windowed)} with both windows and the evidence of its rules`);
  if (state.targets.size === 0 || windows.length === 0) throw new Error("nothing measured");
}

measure("idle, no new list", { list: false, busy: false });
measure("idle, a list every turn", { list: true, busy: false });
measure("pulse + tasks, no new list", { list: false, busy: true });
memory();
