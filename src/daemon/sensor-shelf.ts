import type { Compiled } from "../config/compiled.ts";
import { TREES_EVERY_MS } from "../core/paces.ts";
import type { Pm2View } from "../core/observation.ts";
import type { State } from "../core/state.ts";
import { createDependencyProbe } from "../sensors/dependency-probe.ts";
import { createGpuSensor } from "../sensors/gpus.ts";
import { createHostSensor, type HostReader } from "../sensors/host.ts";
import { createOsProcessSensor } from "../sensors/os-processes.ts";
import { PROBES } from "../sensors/registry.ts";
import type { Sensor } from "../sensors/sensor.ts";
import { createWorkerReportsSensor } from "../sensors/worker-reports.ts";
import { openGpus } from "../world/gpu/gpus.ts";
import { programEnvironment } from "../world/programs/program-environment.ts";
import { createProgramRunner } from "../world/programs/program-runner.ts";
import type { Processes } from "../world/processes/processes.ts";

type Need = Compiled["strategies"][number]["boundRules"][number]["needs"][number];

/**
 * The sensors a configuration needs, and no others: what no rule asks for is not looked at. An edit keeps every sensor
 * that it does not touch, with all it remembers: the counts of a queue stay comparable, and what is blind stays told.
 */
export class SensorShelf {
  #made: ReadonlyMap<string, Sensor> = new Map();

  build(compiled: Compiled, world: SensorWorld): readonly Sensor[] {
    const next = new Map<string, Sensor>();
    const take = (identity: readonly unknown[], make: () => Sensor): void => {
      const key = JSON.stringify(identity);
      next.set(key, this.#made.get(key) ?? make());
    };
    takeMachine(compiled, world, take);
    takeOsProcesses(compiled, world, take);
    takeProbes(compiled, take);
    takeWorkerReports(compiled, world.state, take);
    for (const { name, dependency } of compiled.strategies)
      if (dependency !== null) take(["dependency", name, dependency], () => createDependencyProbe({ strategy: name, ...dependency }));
    for (const { name, kind, params } of compiled.queues) {
      const strategies = compiled.strategies.filter(({ queues }) => queues.includes(name)).map((strategy) => strategy.name);
      const settings = { name, strategies, intervalMs: compiled.policy.intervalMs };
      take(["queue", kind.type, params, settings], () => kind.create(params, settings));
    }
    this.#made = next;
    return [...next.values()];
  }
}

/** What sensors look at. */
export interface SensorWorld {
  readonly state: State;
  readonly processes: Processes;
  readonly host: HostReader;
  /** Newest list with all rows; null while PM2 is not in sight. */
  readonly pm2: () => Pm2View | null;
}

type Names = readonly string[];

type Take = (identity: readonly unknown[], make: () => Sensor) => void;

function takeMachine({ machine, strategies }: Compiled, { processes, host, pm2 }: SensorWorld, take: Take): void {
  const { gpu } = machine;
  if (machine.host !== null) take(["host"], () => createHostSensor(host));
  if (gpu === null) return;
  const isExpected = strategies.some(({ gpus }) => gpus !== null && gpus !== "none");
  take(["gpus", gpu, isExpected], () => {
    const gpus = openGpus({ runner: createProgramRunner(), command: gpu.command, env: programEnvironment() });
    return createGpuSensor({ gpus, processes, pm2, isExpected, everyMs: gpu.every });
  });
}

function takeOsProcesses(compiled: Compiled, { state, processes }: SensorWorld, take: Take): void {
  const [memory, cpu, files, pulse] = (["memory", "cpu", "files", "pulse"] as const).map((need) => needing(compiled, need)) as [
    Names,
    Names,
    Names,
    Names,
  ];
  if (memory.length + cpu.length + files.length + pulse.length === 0) return;
  const scanEveryMs = treesEveryMs(compiled);
  const everyMs = Math.min(pulseEveryMs(compiled), scanEveryMs);
  const strategyOf = (id: string): string => state.targets.get(id)?.strategy ?? "";
  const memoryFor = (id: string): boolean => memory.includes(strategyOf(id));
  const cpuFor = (id: string): boolean => cpu.includes(strategyOf(id));
  const filesFor = (id: string): boolean => files.includes(strategyOf(id));
  const pulseFor = (id: string): boolean => pulse.includes(strategyOf(id));
  take(["os-processes", memory, cpu, files, pulse, everyMs, scanEveryMs], () =>
    createOsProcessSensor({ processes, memoryFor, cpuFor, filesFor, pulseFor, everyMs, scanEveryMs }),
  );
}

function takeProbes({ strategies }: Compiled, take: Take): void {
  for (const { name: strategy, boundRules } of strategies)
    for (const { name, key, params } of boundRules) {
      const create = PROBES.get(name);
      const rule = { strategy, key, params };
      if (create !== undefined) take(["probe", rule], () => create(rule));
    }
}

/** Where a strategy names a queue, the queue tells the outcomes, and no task is counted twice. */
function takeWorkerReports(compiled: Compiled, state: State, take: Take): void {
  const queued = compiled.strategies.filter(({ queues }) => queues.length > 0).map(({ name }) => name);
  const tasks = needing(compiled, "tasks").filter((name) => !queued.includes(name));
  const [heartbeat, loopDelay] = [needing(compiled, "heartbeat"), needing(compiled, "loop-delay")];
  if (tasks.length + heartbeat.length + loopDelay.length === 0) return;
  const everyMs = compiled.policy.intervalMs;
  take(["worker-reports", tasks, heartbeat, loopDelay, everyMs], () =>
    createWorkerReportsSensor({
      tasksFor: (strategy) => tasks.includes(strategy),
      heartbeatFor: (strategy) => heartbeat.includes(strategy),
      loopDelayFor: (strategy) => loopDelay.includes(strategy),
      everyMs,
      wallMs: () => state.wallMs,
    }),
  );
}

/** Names of the strategies with a rule that needs it. */
function needing({ strategies }: Compiled, need: Need): readonly string[] {
  return strategies.filter(({ boundRules }) => boundRules.some(({ needs }) => needs.includes(need))).map(({ name }) => name);
}

const READINGS_A_PATIENCE = 4;
const PULSE_MS_MIN = 500;
const TREES_MS_MIN = 1_000;

/** Every turn; quicker where a rule has so little patience (`for`) that a turn would be a large part of it. */
function pulseEveryMs(compiled: Compiled): number {
  return quickest(compiled, ["pulse"], { mostMs: compiled.policy.intervalMs, leastMs: PULSE_MS_MIN });
}

/** The same of scans of all processes, which cost more and are worth it seldom. */
function treesEveryMs(compiled: Compiled): number {
  return quickest(compiled, ["memory", "cpu", "files"], { mostMs: TREES_EVERY_MS, leastMs: TREES_MS_MIN });
}

function quickest({ strategies }: Compiled, what: readonly Need[], pace: { readonly mostMs: number; readonly leastMs: number }): number {
  const rules = strategies.flatMap(({ boundRules }) => boundRules.filter(({ needs }) => needs.some((need) => what.includes(need))));
  const patienceMs = rules.flatMap(({ params }) => patienceOf(params));
  return Math.min(pace.mostMs, ...patienceMs.map((each) => Math.max(pace.leastMs, each / READINGS_A_PATIENCE)));
}

function patienceOf(params: unknown): readonly number[] {
  return typeof params === "object" && params !== null && "for" in params && typeof params.for === "number" ? [params.for] : [];
}
