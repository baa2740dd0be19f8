import type { Observation, TargetId } from "../core/observation.ts";
import type { Processes, ProcessTable } from "../world/processes/processes.ts";
import { createEyesight, type Eyesight, type Sensor, type SensorContext, type WatchedWorker } from "./sensor.ts";

const NAME = "os-processes";
const TIMEOUT_MS = 5_000;
// A worker that just restarted is unknown until PM2 is listed again, which may take PM2 a while where it restarts several.
const UNKNOWN_READINGS_MAX = 3;
const UNKNOWN_MS_MAX = 4_000;

export interface OsProcessOptions {
  readonly processes: Processes;
  /** Whether a rule of this worker needs its memory, its CPU time, its open files, its pulse. */
  memoryFor(id: TargetId): boolean;
  cpuFor(id: TargetId): boolean;
  filesFor(id: TargetId): boolean;
  pulseFor(id: TargetId): boolean;
  readonly everyMs: number;
  /** Between two scans for memory and CPU time, and two counts of open files. */
  readonly scanEveryMs: number;
}

/**
 * The kernel's view of the workers: `pulse` with every reading, `memory` and `cpu` of the whole process tree more seldom,
 * both out of one scan, each only for workers whose rules ask. A pid that PM2 reports and the kernel does not know (another
 * PID namespace, a hidden `/proc`) makes the sensor blind for that worker, never the worker dead.
 */
export function createOsProcessSensor(options: OsProcessOptions): Sensor {
  const eyesight = createEyesight(NAME);
  const unknownFor = new Map<number, Unknown>();
  let treesAtMs = Number.NEGATIVE_INFINITY;
  return {
    name: NAME,
    everyMs: options.everyMs,
    timeoutMs: TIMEOUT_MS,
    looksAfterActions: true,
    // Nothing to wait for: all reads are synchronous.
    read(context) {
      const watched = watchedProcesses(options, context.workers);
      if (watched.length > 0 && !options.processes.supported) return Promise.resolve([unsupported(eyesight, context)]);
      const treesDue = context.now() - treesAtMs >= options.scanEveryMs - options.everyMs / 2;
      const table = treesDue && watched.some(({ memory, cpu }) => memory || cpu) ? options.processes.snapshot() : null;
      if (treesDue) treesAtMs = context.now();
      const known = new Set(watched.map(({ pid }) => pid));
      for (const pid of unknownFor.keys()) if (!known.has(pid)) unknownFor.delete(pid);
      const reading: Reading = { options, eyesight, unknownFor, table, treesDue, atMs: context.now(), observations: [] };
      const ids = new Set(watched.map(({ id }) => id));
      reading.observations.push(...eyesight.looksOnlyAt(ids, reading.atMs));
      for (const worker of watched) readWorker(reading, worker);
      return Promise.resolve(reading.observations);
    },
  };
}

interface WatchedProcess {
  readonly id: TargetId;
  readonly pid: number;
  readonly memory: boolean;
  readonly cpu: boolean;
  readonly files: boolean;
  readonly pulse: boolean;
}

interface Unknown {
  readonly sinceMs: number;
  readonly readings: number;
}

interface Reading {
  readonly options: OsProcessOptions;
  readonly eyesight: Eyesight;
  /** By pid, those the kernel does not know. */
  readonly unknownFor: Map<number, Unknown>;
  /** null = neither memory nor CPU time is due. */
  readonly table: ProcessTable | null;
  readonly treesDue: boolean;
  readonly atMs: number;
  /** What has been seen so far: hundreds of workers every few seconds, so that all go into one list. */
  readonly observations: Observation[];
}

function watchedProcesses(options: OsProcessOptions, workers: readonly WatchedWorker[]): readonly WatchedProcess[] {
  const watched: WatchedProcess[] = [];
  for (const { id, row } of workers) {
    const [memory, cpu] = [options.memoryFor(id), options.cpuFor(id)];
    const [files, pulse] = [options.filesFor(id), options.pulseFor(id)];
    if (row.pid !== null && (memory || cpu || files || pulse)) watched.push({ id, pid: row.pid, memory, cpu, files, pulse });
  }
  return watched;
}

function readWorker(reading: Reading, { id, pid, memory, cpu, files, pulse }: WatchedProcess): void {
  const { options, table, atMs, observations, eyesight } = reading;
  const seen = options.processes.pulse(pid);
  if (seen === null) return unknownProcess(reading, id, pid);
  reading.unknownFor.delete(pid);
  observations.push(...eyesight.sees(null, atMs), ...eyesight.sees(id, atMs));
  if (pulse) observations.push({ kind: "pulse", target: id, atMs, pid, ...seen });
  const bytes = memory ? (table?.treeMemoryBytes(pid) ?? null) : null;
  if (bytes !== null) observations.push({ kind: "memory", target: id, atMs, bytes });
  const cpuMs = cpu ? (table?.treeCpuMs(pid) ?? null) : null;
  if (cpuMs !== null) observations.push({ kind: "cpu", target: id, atMs, pid, cpuMs });
  const open = files && reading.treesDue ? options.processes.openFiles(pid) : null;
  if (open !== null) observations.push({ kind: "files", target: id, atMs, ...open });
}

function unknownProcess({ observations, eyesight, unknownFor, atMs }: Reading, id: TargetId, pid: number): void {
  const { sinceMs, readings } = unknownFor.get(pid) ?? { sinceMs: atMs, readings: 0 };
  unknownFor.set(pid, { sinceMs, readings: readings + 1 });
  if (readings + 1 < UNKNOWN_READINGS_MAX || atMs - sinceMs < UNKNOWN_MS_MAX) return;
  observations.push(eyesight.blind(id, atMs, `PM2 reports pid ${pid} for ${id}, but the kernel shows healer no such process`));
}

function unsupported(eyesight: Eyesight, context: SensorContext): Observation {
  return eyesight.blind(null, context.now(), "memory, CPU time, open files and pulse of processes can be read on Linux only");
}
