import type { GpuFact } from "./gpu.ts";
import { sayGpu } from "./gpu.ts";
import { membersOf } from "./members.ts";
import type { TargetId } from "./observation.ts";
import { formatBytes } from "./quantities.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";

/** What a worker holds of a GPU's memory, and the most it has held since somebody else last started it, bytes. */
export interface GpuUse {
  readonly nowBytes: number;
  readonly peakBytes: number;
  readonly peakAtMs: number;
}

export interface GpusKnown {
  readonly atMs: number;
  readonly gpus: readonly GpuFact[];
}

const KEPT_MS = 24 * 3_600_000; // a worker that has held nothing for a day is none of the GPU's any more
const NOISE_BYTES = 256 * 1024 * 1024;
const FULL_SHARE = 0.95;
const OUTSIDE_SHARE = 0.25;

/** Takes in one reading. Workers that hold nothing right now keep what they held: a worker that failed to get memory had some before. */
export function noteGpuUse(state: State, { atMs, gpus }: GpusKnown): void {
  for (const [id, uses] of state.machine.gpuUse)
    for (const [uuid, use] of uses) {
      const isOld = atMs - use.peakAtMs > KEPT_MS || use.peakAtMs < (state.targets.get(id)?.othersStartAtMs ?? 0);
      if (isOld) uses.delete(uuid);
      else uses.set(uuid, { ...use, nowBytes: 0 });
    }
  for (const gpu of gpus)
    for (const { bytes, owner } of gpu.holders)
      if (owner.kind === "worker") addUse(state, owner.target, gpu.uuid, { bytes: bytes ?? 0, atMs });
  for (const [id, uses] of state.machine.gpuUse) if (uses.size === 0 || !state.targets.has(id)) state.machine.gpuUse.delete(id);
}

function addUse(state: State, id: TargetId, uuid: string, { bytes, atMs }: { bytes: number; atMs: number }): void {
  const uses = state.machine.gpuUse.get(id) ?? new Map<string, GpuUse>();
  const before = uses.get(uuid);
  const nowBytes = (before?.nowBytes ?? 0) + bytes;
  const isPeak = before === undefined || nowBytes >= before.peakBytes;
  uses.set(uuid, isPeak ? { nowBytes, peakBytes: nowBytes, peakAtMs: atMs } : { ...before, nowBytes });
  state.machine.gpuUse.set(id, uses);
}

/** The GPUs a worker, or a member of the group, computes on. */
export function gpusOf(state: State, target: Target, strategy: Strategy): readonly GpuFact[] {
  const { gpus } = state.machine.gpus ?? { gpus: [] };
  const choice = strategy.gpus;
  if (choice === "none") return [];
  if (choice === "all") return gpus;
  if (choice !== undefined) return gpus.filter(({ index }) => choice.includes(index));
  const held = workersOf(state, target).map(({ id }) => state.machine.gpuUse.get(id));
  return gpus.filter(({ uuid }) => held.some((uses) => uses?.has(uuid) === true));
}

/** A worker lacks the memory of this GPU that it held before, and who PM2 does not own holds it; null = nothing that is known. */
export function memoryTaken(state: State, target: Target, gpu: GpuFact): string | null {
  for (const worker of workersOf(state, target)) {
    const taken = takenFrom(worker, state.machine.gpuUse.get(worker.id)?.get(gpu.uuid) ?? null, gpu);
    if (taken !== null) return taken;
  }
  return null;
}

function takenFrom({ id }: Target, use: GpuUse | null, gpu: GpuFact): string | null {
  const { memoryFreeBytes: free, memoryTotalBytes: total } = gpu;
  const outside = outsiders(gpu);
  const heldBytes = outside.reduce((sum, { bytes }) => sum + bytes, 0);
  const biggest = outside.toSorted((one, other) => other.bytes - one.bytes)[0];
  if (free === null || total === null || biggest === undefined) return null;
  const who = `pid ${biggest.pid} (${biggest.command}), which PM2 does not own, holds ${formatBytes(biggest.bytes)}`;
  const room = `${sayGpu(gpu)} has ${formatBytes(free)} of ${formatBytes(total)} free`;
  if (use === null) {
    const isFull = free < (1 - FULL_SHARE) * total && heldBytes >= OUTSIDE_SHARE * total;
    return isFull ? `${room}, ${id} holds none of it, and ${who}` : null;
  }
  const lacksBytes = use.peakBytes - use.nowBytes;
  const isTaken =
    lacksBytes > Math.max(NOISE_BYTES, (1 - FULL_SHARE) * use.peakBytes) && free < lacksBytes && heldBytes >= lacksBytes - free;
  if (!isTaken) return null;
  return `${room}; ${id} holds ${formatBytes(use.nowBytes)} of the ${formatBytes(use.peakBytes)} it held before, and ${who}`;
}

function outsiders({ holders }: GpuFact): readonly { pid: number; bytes: number; command: string }[] {
  return holders.flatMap(({ pid, bytes, owner }) =>
    owner.kind === "outside" && bytes !== null ? [{ pid, bytes, command: owner.command }] : [],
  );
}

function workersOf(state: State, target: Target): readonly Target[] {
  const group = target.kind === "group" ? state.groups.get(target.id) : undefined;
  return group === undefined ? [target] : membersOf(state, group);
}
