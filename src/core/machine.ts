import { restartsNobody } from "./control.ts";
import { gpusOf, memoryTaken, noteGpuUse } from "./gpu-use.ts";
import { sayGpu, type GpuFact } from "./gpu.ts";
import type { Answer, Candidate } from "./guards.ts";
import type { Observation } from "./observation.ts";
import { formatBytes } from "./quantities.ts";
import type { State } from "./state.ts";
import type { HostLimits } from "./strategy.ts";
import { rulesFor } from "./target.ts";
import { sayOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/** How one part of the machine (`host:memory`, `gpu:0`) has stood lately. */
export interface Pressure {
  /** What is wrong, as of the newest reading that was bad: part of a sentence. */
  readonly reason: string;
  /** Since when it is under pressure; null = it is not. */
  readonly sinceMs: number | null;
  /** Of the newest reading. */
  readonly atMs: number;
  /** Readings in a row that say otherwise than before. */
  readonly against: number;
  /** When it was last told; a part that comes and goes is told once an hour. */
  readonly toldAtMs: number | null;
}

type HostReading = Extract<Observation, { kind: "host" }>;
type GpuReading = Extract<Observation, { kind: "gpus" }>;

const READINGS = 2; // one may be a peak
const TOLD_EVERY_MS = 3_600_000;
const STALE_MS = 900_000; // three times the slowest rhythm

export function fileHost(turn: Turn, reading: HostReading): void {
  const limits = turn.state.policy.machine?.host ?? null;
  if (limits === null) return;
  for (const [part, reason] of Object.entries(hostTroubles(reading, limits)))
    notePressure(turn, `host:${part}`, { reason, atMs: reading.atMs, event: "alert" });
}

function hostTroubles({ memory, disk, loadPerCore }: HostReading, limits: HostLimits): Readonly<Record<string, string | null>> {
  const share = (what: string, left: { freeBytes: number; totalBytes: number } | null, leastPercent: number): string | null => {
    if (left === null || left.freeBytes >= (left.totalBytes * leastPercent) / 100) return null;
    const percent = ((100 * left.freeBytes) / left.totalBytes).toFixed(1);
    return `${what}: ${formatBytes(left.freeBytes)} of ${formatBytes(left.totalBytes)} left (${percent} %), less than ${leastPercent} %`;
  };
  const { loadPerCoreMax } = limits;
  const isLoaded = loadPerCore !== null && loadPerCoreMax !== null && loadPerCore > loadPerCoreMax;
  return {
    memory: share("the machine's memory", memory, limits.memoryPercentMin),
    disk: share("the disk that holds healer's records", disk, limits.diskPercentMin),
    load: isLoaded ? `the machine's load: ${loadPerCore.toFixed(1)} per core over a minute, more than ${loadPerCoreMax}` : null,
  };
}

export function fileGpus(turn: Turn, reading: GpuReading): void {
  const limits = turn.state.policy.machine?.gpu ?? null;
  if (limits === null) return;
  turn.state.gpus = { atMs: reading.atMs, gpus: reading.gpus };
  noteGpuUse(turn.state, turn.state.gpus);
  for (const gpu of reading.gpus)
    notePressure(turn, `gpu:${gpu.index}`, {
      reason: slowdown(gpu, limits.temperatureMaxC),
      atMs: reading.atMs,
      event: "pressure",
    });
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

/** What no reading speaks of any more is not known. */
export function loseMachine(state: State, sensor: string): void {
  if (sensor === "gpus") state.gpus = null;
  const parts = sensor === "gpus" ? "gpu:" : "host:";
  for (const part of state.pressures.keys()) if (part.startsWith(parts)) state.pressures.delete(part);
}

function notePressure(turn: Turn, part: string, now: { reason: string | null; atMs: number; event: "alert" | "pressure" }): void {
  const { state } = turn;
  const before = state.pressures.get(part) ?? { reason: "", sinceMs: null, atMs: now.atMs, against: 0, toldAtMs: null };
  const isBad = now.reason !== null;
  const against = isBad === (before.sinceMs !== null) ? 0 : before.against + 1;
  const kept = { ...before, reason: now.reason ?? before.reason, atMs: now.atMs, against };
  if (against < READINGS) return void state.pressures.set(part, kept);
  if (isBad) return begin(turn, part, { ...kept, sinceMs: now.atMs, against: 0 }, now.event);
  state.pressures.set(part, { ...kept, sinceMs: null, against: 0 });
  if (before.sinceMs === null || before.toldAtMs === null || before.toldAtMs < before.sinceMs) return;
  const reason = `over after ${inWords(now.atMs - before.sinceMs)}: ${before.reason}`;
  sayOf(turn, part, { level: "info", event: "pressure_over", reason, more: { lasted_ms: Math.round(now.atMs - before.sinceMs) } });
}

function begin(turn: Turn, part: string, pressure: Pressure, event: "alert" | "pressure"): void {
  const { nowMs } = turn.state;
  const isTold = pressure.toldAtMs === null || nowMs - pressure.toldAtMs >= TOLD_EVERY_MS;
  turn.state.pressures.set(part, isTold ? { ...pressure, toldAtMs: nowMs } : pressure);
  if (!isTold) return;
  const holds = part.startsWith("gpu:") || turn.state.policy.machine?.host?.holds === true;
  const reason = `${pressure.reason}${holds ? "; workers that fail for it are not restarted meanwhile" : ""}`;
  sayOf(turn, part, { level: event === "alert" ? "error" : "warn", event, reason });
}

/** Parts of the machine under pressure now, for `status`. */
export function pressuresNow({ pressures, nowMs }: State, parts: "host:" | "gpu:"): readonly { part: string; reason: string }[] {
  return [...pressures].flatMap(([part, { reason, sinceMs, atMs }]) =>
    sinceMs !== null && part.startsWith(parts) && nowMs - atMs <= STALE_MS ? [{ part, reason }] : [],
  );
}

/** The guard `host`, where `host: {hold: true}`: what goes badly may go badly for that reason, and no restart mends it. */
export function askHost(state: State, candidate: Candidate): Answer {
  if (state.policy.machine?.host?.holds !== true || !isAboutWork(candidate)) return null;
  const [first] = pressuresNow(state, "host:");
  if (first === undefined) return null;
  return { reason: `${first.reason}; a restart would not mend that`, untilMs: null, flip: "there is enough again" };
}

/** The guard `gpu`: its GPU is held down, or who PM2 does not own has taken the memory the worker had. */
export function askGpu(state: State, candidate: Candidate): Answer {
  const { gpus } = state;
  if (gpus === null || state.nowMs - gpus.atMs > STALE_MS || !isAboutWork(candidate)) return null;
  const slow = pressuresNow(state, "gpu:");
  for (const gpu of gpusOf(state, candidate.target, candidate.strategy)) {
    const pressure = slow.find(({ part }) => part === `gpu:${gpu.index}`);
    if (pressure !== undefined)
      return { reason: `${pressure.reason}; a restart would not cool it`, untilMs: null, flip: "the GPU runs as it should again" };
    const taken = memoryTaken(state, candidate.target, gpu);
    if (taken !== null) return { reason: `${taken}; a restart would get no more`, untilMs: null, flip: "that memory is given back" };
  }
  return null;
}

/** A stop that contains, a trim, a worker that is dead, and what is wrong with the process itself go ahead. */
function isAboutWork({ rule, target, strategy, action, holdsDown }: Candidate): boolean {
  if (holdsDown || restartsNobody(action) || rule === null || rule.judgement.dead) return false;
  return rulesFor(strategy, target.kind).find(({ key }) => key === rule.key)?.aboutWork === true;
}
