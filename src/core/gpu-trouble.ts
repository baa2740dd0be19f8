import { gpusOf, memoryTaken, noteGpuUse } from "./gpu-use.ts";
import { sayGpu, type GpuFact } from "./gpu.ts";
import type { Answer, Candidate } from "./guards.ts";
import type { Observation } from "./observation.ts";
import { afterwards, isAboutWork, notePressure, pressuresNow, STALE_MS } from "./pressure.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { forgetTasks } from "./target.ts";
import { strategyOf, type Turn } from "./turn.ts";

/** What of the GPUs is in a worker's way, or a group's. */
export interface GpuTrouble {
  readonly reason: string;
  /** Since when it has stood, or come and gone. */
  readonly sinceMs: number;
  /** null = it stands. */
  readonly overAtMs: number | null;
}

const HOLDS_MS_MAX = 1_800_000; // a job that has the memory, or a fan that has stopped, may take that long to be gone

type GpuReading = Extract<Observation, { kind: "gpus" }>;

/** One look at all GPUs: who is held down, who uses them, and in whose way that is. */
export function fileGpus(turn: Turn, reading: GpuReading): void {
  const limits = turn.state.policy.machine?.gpu ?? null;
  if (limits === null) return;
  turn.state.machine.gpus = { atMs: reading.atMs, gpus: reading.gpus };
  noteGpuUse(turn.state, turn.state.machine.gpus);
  for (const gpu of reading.gpus)
    notePressure(turn, `gpu:${gpu.index}`, { reason: slowdown(gpu, limits.temperatureMaxC), atMs: reading.atMs, event: "pressure" });
  noteGpuTroubles(turn.state);
}

/** "GPU 0 (NVIDIA H100) is throttled (hardware thermal slowdown) at 94 °C, 705 of 1980 MHz"; null = neither throttled nor too hot. */
function slowdown(gpu: GpuFact, temperatureMaxC: number): string | null {
  const { throttles, temperatureC, clockMhz, clockMaxMhz } = gpu;
  const isHot = temperatureC !== null && temperatureC >= temperatureMaxC;
  if (throttles.length === 0 && !isHot) return null;
  const what = throttles.length === 0 ? "is too hot" : `is throttled (${throttles.join(", ")})`;
  const clock = clockMhz === null || clockMaxMhz === null ? "" : `, ${clockMhz} of ${clockMaxMhz} MHz`;
  return `${sayGpu(gpu)} ${what}${temperatureC === null ? "" : ` at ${temperatureC} °C`}${clock}`;
}

/** What failed while its GPU was held down, or its memory taken, says nothing against a worker: its evidence begins anew. */
function noteGpuTroubles(state: State): void {
  for (const target of state.targets.values()) {
    const strategy = strategyOf(state, target);
    const reason = gpuTrouble(state, target, strategy);
    const before = state.machine.gpuTroubles.get(target.id);
    if (reason !== null) {
      state.machine.gpuTroubles.set(target.id, { reason, sinceMs: before?.sinceMs ?? state.nowMs, overAtMs: null });
    } else if (before !== undefined && before.overAtMs === null) {
      state.machine.gpuTroubles.set(target.id, { ...before, overAtMs: state.nowMs });
      if (state.nowMs < before.sinceMs + HOLDS_MS_MAX) forgetTasks(state, target, strategy);
    } else if (before !== undefined && state.nowMs >= (before.overAtMs ?? 0) + HOLDS_MS_MAX) state.machine.gpuTroubles.delete(target.id);
  }
  for (const id of state.machine.gpuTroubles.keys()) if (!state.targets.has(id)) state.machine.gpuTroubles.delete(id);
}

function gpuTrouble(state: State, target: Target, strategy: Strategy): string | null {
  const slow = pressuresNow(state, "gpu:");
  for (const gpu of gpusOf(state, target, strategy)) {
    const pressure = slow.find(({ part }) => part === `gpu:${gpu.index}`);
    if (pressure !== undefined) return `${pressure.reason}; a restart would not cool it`;
    const taken = memoryTaken(state, target, gpu);
    if (taken !== null) return `${taken}; a restart would get no more`;
  }
  return null;
}

/** They cannot be seen any more. */
export function loseGpus(state: State): void {
  state.machine.gpus = null;
  state.machine.gpuTroubles.clear();
  for (const part of state.machine.pressures.keys()) if (part.startsWith("gpu:")) state.machine.pressures.delete(part);
}

/**
 * The guard `gpu`: its GPU is held down, or who PM2 does not own has taken the memory the worker had. What has stood for long, while the
 * worker did well or in spite of all waiting, holds nobody any more: where a heal does not help either, its circuit calls a person.
 */
export function askGpu(state: State, candidate: Candidate): Answer {
  const trouble = state.machine.gpuTroubles.get(candidate.target.id);
  if (trouble === undefined || state.machine.gpus === null || state.nowMs - state.machine.gpus.atMs > STALE_MS || !isAboutWork(candidate))
    return null;
  const untilMs = trouble.sinceMs + HOLDS_MS_MAX;
  if (state.nowMs >= untilMs) return null;
  if (trouble.overAtMs !== null) return afterwards(state, candidate, trouble);
  return { reason: trouble.reason, untilMs, flip: "the GPU is as it should be again" };
}
