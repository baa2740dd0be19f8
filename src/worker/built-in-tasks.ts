import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { setImmediate } from "node:timers/promises";
import { workerNameOf, type Host } from "./host.ts";

/** Field names are those that task servers ask for, hence the underscores. */
export interface HealthReport {
  readonly worker_id: string;
  /** Name of the machine. */
  readonly server: string;
  readonly status: "healthy";
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly uptime_seconds: number;
}

export interface BenchmarkReport {
  readonly worker_id: string;
  /** What an operation is. */
  readonly benchmark: "sha256-1KiB";
  /** Spent computing, without the pauses in which the worker did its own work. */
  readonly elapsed_seconds: number;
  readonly operations_per_second: number;
  readonly timestamp: string;
}

const BLOCK = new Uint8Array(1024);
const SLICE_MS = 5; // as long as the event loop is held up at once
const BENCHMARK_MS = 100;

/** Answers by task type. Benchmarks that are asked for at the same time share one run. */
export function builtInTasks(host: Host): ReadonlyMap<string, () => unknown> {
  let running: Promise<BenchmarkReport> | null = null;
  const benchmark = (): Promise<BenchmarkReport> => (running ??= benchmarkOf(host).finally(() => (running = null)));
  return new Map<string, () => unknown>([
    ["health_check", () => healthOf(host)],
    ["benchmark_test", benchmark],
  ]);
}

function healthOf(host: Host): HealthReport {
  return {
    worker_id: workerNameOf(host),
    server: hostname(),
    status: "healthy",
    timestamp: new Date().toISOString(),
    uptime_seconds: Math.round(host.uptime() * 1000) / 1000,
  };
}

/** A tenth of a second of work in slices, between which everything else gets its turn. */
async function benchmarkOf(host: Host): Promise<BenchmarkReport> {
  let [operations, spentMs] = [0, 0];
  while (spentMs < BENCHMARK_MS) {
    const startedAtMs = performance.now();
    let tookMs = 0;
    for (; tookMs < SLICE_MS; tookMs = performance.now() - startedAtMs) operations += hashSome();
    spentMs += tookMs;
    await setImmediate();
  }
  return {
    worker_id: workerNameOf(host),
    benchmark: "sha256-1KiB",
    elapsed_seconds: Math.round(spentMs) / 1000,
    operations_per_second: Math.round((operations / spentMs) * 1000),
    timestamp: new Date().toISOString(),
  };
}

function hashSome(): number {
  const OPERATIONS = 20; // so that asking for the time costs nothing beside them
  for (let operation = 0; operation < OPERATIONS; operation++) createHash("sha256").update(BLOCK).digest();
  return OPERATIONS;
}
