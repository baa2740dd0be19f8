import type { GpuFact } from "../../core/gpu.ts";

/** What `nvidia-smi --query-gpu` and `--query-compute-apps` print with `--format=csv,noheader,nounits`, taken apart. */

export type GpuReading = Omit<GpuFact, "holders">;

export interface GpuProcess {
  readonly uuid: string;
  readonly pid: number;
  /** null = the driver does not tell (`[N/A]`, `[Insufficient Permissions]`). */
  readonly bytes: number | null;
}

/** Answered by every driver since 2016; newer ones call the last one `clocks_event_reasons.active` as well. */
export const GPU_FIELDS = [
  "index",
  "uuid",
  "name",
  "utilization.gpu",
  "memory.total",
  "memory.used",
  "memory.free",
  "temperature.gpu",
  "clocks.sm",
  "clocks.max.sm",
  "power.draw",
  "clocks_throttle_reasons.active",
] as const;

export const PROCESS_FIELDS = ["gpu_uuid", "pid", "used_gpu_memory"] as const;

const GPUS_MAX = 64;
const PROCESSES_MAX = 1_000;
const NAME_MAX = 100;
const MIB = 1024 * 1024;

/**
 * Of NVML's nvmlClocksEventReasons those that hold the clocks down for heat or want of power. Idling, clocks set by a person and
 * the power limit under full load (SW power cap) are everyday.
 */
const TROUBLES: readonly (readonly [bigint, string])[] = [
  [0x8n, "hardware slowdown"],
  [0x20n, "software thermal slowdown"],
  [0x40n, "hardware thermal slowdown"],
  [0x80n, "hardware power brake"],
];

/** null = what was printed is no such table. An empty one is a machine whose GPUs are all gone. */
export function parseGpus(text: string): readonly GpuReading[] | null {
  const rows = rowsOf(text, GPU_FIELDS.length);
  const gpus = rows?.slice(0, GPUS_MAX).map(gpuOf);
  return gpus === undefined || gpus.some((gpu) => gpu === null) ? null : gpus.filter((gpu) => gpu !== null);
}

function gpuOf(cells: readonly string[]): GpuReading | null {
  const [index, uuid = "", name = "", utilization, total, used, free, temperature, clock, clockMax, power, reasons = ""] = cells;
  const number = numberOf(index);
  if (number === null || !Number.isInteger(number) || number < 0 || uuid === "") return null;
  return {
    index: number,
    uuid: uuid.slice(0, NAME_MAX),
    name: name.slice(0, NAME_MAX),
    utilizationPercent: numberOf(utilization),
    memoryTotalBytes: bytesOf(total),
    memoryUsedBytes: bytesOf(used),
    memoryFreeBytes: bytesOf(free),
    temperatureC: numberOf(temperature),
    clockMhz: numberOf(clock),
    clockMaxMhz: numberOf(clockMax),
    powerW: numberOf(power),
    throttles: throttlesOf(reasons),
  };
}

function throttlesOf(reasons: string): readonly string[] {
  if (!/^0x[0-9a-f]{1,16}$/i.test(reasons)) return [];
  const bits = BigInt(reasons);
  return TROUBLES.filter(([bit]) => (bits & bit) !== 0n).map(([, words]) => words);
}

/** null = no such table. No line is an answer too: nobody computes. */
export function parseProcesses(text: string): readonly GpuProcess[] | null {
  const rows = rowsOf(text, PROCESS_FIELDS.length);
  if (rows === null) return null;
  return rows.slice(0, PROCESSES_MAX).flatMap(([uuid = "", pidText, memory]) => {
    const pid = numberOf(pidText);
    return pid !== null && Number.isInteger(pid) && pid > 0 ? [{ uuid: uuid.slice(0, NAME_MAX), pid, bytes: bytesOf(memory) }] : [];
  });
}

function rowsOf(text: string, columns: number): readonly (readonly string[])[] | null {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const rows = lines.map((line) => line.split(",").map((cell) => cell.trim()));
  return rows.some((row) => row.length !== columns) ? null : rows;
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]` and the like are null; 0 stays 0. */
function numberOf(cell: string | undefined): number | null {
  return cell !== undefined && /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : null;
}

function bytesOf(mebibytes: string | undefined): number | null {
  const count = numberOf(mebibytes);
  return count === null || count < 0 ? null : Math.round(count * MIB);
}
