import { explain } from "../../src/core/explain.ts";
import type { GpuFact, GpuHolder } from "../../src/core/gpu.ts";
import type { Observation } from "../../src/core/observation.ts";
import type { HostLimits, Strategy } from "../../src/core/strategy.ts";
import { CoreWorld } from "./core-world.ts";
import { scriptedRule, stormRule, type Script } from "./scripted-rules.ts";

/** A core whose machine lacks something, or computes on GPUs. */

export const SECOND = 1000;
export const MINUTE = 60_000;
export const GB = 1024 ** 3;

interface Options {
  readonly host?: Partial<HostLimits>;
  readonly gpus?: Strategy["gpus"];
  /** The rule that fires is about the process, not about its work. */
  readonly aboutProcess?: boolean;
  readonly apps?: Readonly<Record<string, number>>;
}

export function machineStage({ host = {}, gpus, aboutProcess = false, apps = { app: 1 } }: Options = {}) {
  const scripts = new Map<string, Script>();
  const limits = { memoryPercentMin: 5, diskPercentMin: 5, loadPerCoreMax: null, holds: true, ...host };
  const world = new CoreWorld({
    apps,
    rules: [scriptedRule(scripts, { aboutWork: !aboutProcess }), stormRule()],
    policy: { machine: { host: limits, gpu: { temperatureMaxC: 90 } } },
    strategy: gpus === undefined ? {} : { gpus },
  });
  const see = (observation: Observation, times = 1): void => {
    for (let count = 0; count < times; count++) {
      world.observations.push({ ...observation, atMs: world.nowMs });
      world.advance(10 * SECOND);
    }
  };
  const say = (script: Script, ...ids: readonly string[]): void => ids.forEach((id) => scripts.set(id, script));
  const guard = (name: string, id = "app:0") => explain(world.state, world.target(id)).guards.find((each) => each.guard === name);
  const healed = (): readonly string[] => world.executed.map(({ target }) => target);
  return { world, see, say, guard, healed };
}

export const host = (part: Partial<Extract<Observation, { kind: "host" }>> = {}): Observation => ({
  ...{ kind: "host", atMs: 0, loadPerCore: 0.2 },
  memory: { freeBytes: 8 * GB, totalBytes: 16 * GB },
  disk: { freeBytes: 50 * GB, totalBytes: 100 * GB },
  ...part,
});
export const FULL_DISK = host({ disk: { freeBytes: 1 * GB, totalBytes: 100 * GB } });

export function gpu(part: Partial<GpuFact> = {}): GpuFact {
  return {
    ...{ index: 0, uuid: "GPU-a", name: "NVIDIA H200", utilizationPercent: 0, powerW: 80, throttles: [], holders: [] },
    ...{ memoryTotalBytes: 80 * GB, memoryUsedBytes: 0, memoryFreeBytes: 80 * GB },
    ...{ temperatureC: 40, clockMhz: 1980, clockMaxMhz: 1980 },
    ...part,
  };
}
export const gpus = (...all: readonly GpuFact[]): Observation => ({ kind: "gpus", atMs: 0, gpus: all });
export const HOT = gpus(gpu({ throttles: ["hardware thermal slowdown"], temperatureC: 94, clockMhz: 705 }));
export const byWorker = (gigabytes: number, target = "app:0"): GpuHolder => ({
  pid: 500,
  bytes: gigabytes * GB,
  owner: { kind: "worker", target },
});
export const byStranger = (gigabytes: number): GpuHolder => ({
  pid: 4711,
  bytes: gigabytes * GB,
  owner: { kind: "outside", command: "python3 train.py, user bob" },
});
/** The worker holds so much, a stranger so much, and the rest is free. */
export const shared = (worker: number, stranger: number): Observation =>
  gpus(
    gpu({
      memoryUsedBytes: (worker + stranger) * GB,
      memoryFreeBytes: (80 - worker - stranger) * GB,
      holders: [...(worker > 0 ? [byWorker(worker)] : []), ...(stranger > 0 ? [byStranger(stranger)] : [])],
    }),
  );
