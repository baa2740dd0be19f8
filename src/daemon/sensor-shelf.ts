import type { Compiled } from "../config/compiled.ts";
import { TREES_EVERY_MS } from "../core/paces.ts";
import type { State } from "../core/state.ts";
import { createDependencyProbe } from "../sensors/dependency-probe.ts";
import { createOsProcessSensor } from "../sensors/os-processes.ts";
import { createExceptionsSensor, type ExceptionsOptions } from "../sensors/pm2-exceptions.ts";
import { SENSORS_OF_A_RULE } from "../sensors/registry.ts";
import type { Sensor } from "../sensors/sensor.ts";
import { createWorkerReportsSensor } from "../sensors/worker-reports.ts";
import type { Processes } from "../world/processes/processes.ts";

type Need = Compiled["strategies"][number]["boundRules"][number]["needs"][number];

interface ShelfWorld {
  readonly state: State;
  readonly processes: Processes;
  readonly pm2: ExceptionsOptions["pm2"];
}

/**
 * The sensors a configuration needs, and no others: what no rule asks for is not looked at. An edit keeps every sensor
 * that it does not touch, with all it remembers: the counts of a queue stay comparable, and what is blind stays told.
 */
export class SensorShelf {
  #made: ReadonlyMap<string, Sensor> = new Map();

  build(compiled: Compiled, world: ShelfWorld): readonly Sensor[] {
    const next = new Map<string, Sensor>();
    const take = (identity: readonly unknown[], make: () => Sensor): void => {
      const key = JSON.stringify(identity);
      next.set(key, this.#made.get(key) ?? make());
    };
    takeOsProcesses(compiled, world, take);
    takeSensorsOfRules(compiled, take);
    takeWorkerReports(compiled, world.state, take);
    takeExceptions(compiled, world.pm2, take);
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

type Take = (identity: readonly unknown[], make: () => Sensor) => void;

function takeOsProcesses(compiled: Compiled, { state, processes }: ShelfWorld, take: Take): void {
  const [memory, cpu, pulse] = [needing(compiled, "memory"), needing(compiled, "cpu"), needing(compiled, "pulse")];
  if (memory.length + cpu.length + pulse.length === 0) return;
  const scanEveryMs = treesEveryMs(compiled);
  const everyMs = Math.min(pulseEveryMs(compiled), scanEveryMs);
  const strategyOf = (id: string): string => state.targets.get(id)?.strategy ?? "";
  const memoryFor = (id: string): boolean => memory.includes(strategyOf(id));
  const cpuFor = (id: string): boolean => cpu.includes(strategyOf(id));
  const pulseFor = (id: string): boolean => pulse.includes(strategyOf(id));
  take(["os-processes", memory, cpu, pulse, everyMs, scanEveryMs], () =>
    createOsProcessSensor({ processes, memoryFor, cpuFor, pulseFor, everyMs, scanEveryMs }),
  );
}

function takeSensorsOfRules({ strategies }: Compiled, take: Take): void {
  for (const { name: strategy, boundRules } of strategies)
    for (const { name, key, params } of boundRules) {
      const create = SENSORS_OF_A_RULE.get(name);
      const rule = { strategy, key, params };
      if (create !== undefined) take(["rule", rule], () => create(rule));
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

function takeExceptions(compiled: Compiled, pm2: ExceptionsOptions["pm2"], take: Take): void {
  const needed = needing(compiled, "exceptions");
  const everyMs = compiled.policy.intervalMs;
  if (needed.length === 0) return;
  take(["exceptions", needed, everyMs], () => createExceptionsSensor({ pm2, neededFor: (strategy) => needed.includes(strategy), everyMs }));
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
  return quickest(compiled, ["memory", "cpu"], { mostMs: TREES_EVERY_MS, leastMs: TREES_MS_MIN });
}

function quickest({ strategies }: Compiled, what: readonly Need[], pace: { readonly mostMs: number; readonly leastMs: number }): number {
  const rules = strategies.flatMap(({ boundRules }) => boundRules.filter(({ needs }) => needs.some((need) => what.includes(need))));
  const patienceMs = rules.flatMap(({ params }) => patienceOf(params));
  return Math.min(pace.mostMs, ...patienceMs.map((each) => Math.max(pace.leastMs, each / READINGS_A_PATIENCE)));
}

function patienceOf(params: unknown): readonly number[] {
  return typeof params === "object" && params !== null && "for" in params && typeof params.for === "number" ? [params.for] : [];
}
