import type { Compiled } from "../config/compiled.ts";
import type { Pm2View } from "../core/observation.ts";
import type { State } from "../core/state.ts";
import { createDependencyProbe } from "../sensors/dependency-probe.ts";
import { createGpuSensor } from "../sensors/gpus.ts";
import { createHostSensor, type HostReader } from "../sensors/host.ts";
import { createOsProcessSensor } from "../sensors/os-processes.ts";
import { createEventLoopsSensor } from "../sensors/event-loops.ts";
import { createExceptionsSensor, type ExceptionsOptions } from "../sensors/pm2-exceptions.ts";
import { SENSORS_OF_A_RULE } from "../sensors/registry.ts";
import type { Sensor } from "../sensors/sensor.ts";
import { createWorkerReportsSensor } from "../sensors/worker-reports.ts";
import { openGpus } from "../world/gpu/gpus.ts";
import { programEnvironment } from "../world/programs/program-environment.ts";
import { createProgramRunner } from "../world/programs/program-runner.ts";
import type { Processes } from "../world/processes/processes.ts";
import { loopsListEveryMs, pulseEveryMs, treesEveryMs, type Need } from "./sensor-paces.ts";

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
    takeEventLoops(compiled, take);
    takeSensorsOfRules(compiled, take);
    takeWorkerReports(compiled, world.state, take);
    takeExceptions(compiled, world.bus, take);
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
  readonly bus: ExceptionsOptions["pm2"];
}

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
  const wanted = {
    ...{ memory: needing(compiled, "memory"), cpu: needing(compiled, "cpu") },
    ...{ files: needing(compiled, "files"), pulse: needing(compiled, "pulse") },
  };
  if (Object.values(wanted).every((strategies) => strategies.length === 0)) return;
  const scanEveryMs = treesEveryMs(compiled);
  const everyMs = Math.min(pulseEveryMs(compiled), scanEveryMs);
  const asks = (need: keyof typeof wanted) => (id: string) => wanted[need].includes(state.targets.get(id)?.strategy ?? "");
  take(["os-processes", wanted, everyMs, scanEveryMs], () => {
    const asked = { memoryFor: asks("memory"), cpuFor: asks("cpu"), filesFor: asks("files"), pulseFor: asks("pulse") };
    return createOsProcessSensor({ processes, ...asked, everyMs, scanEveryMs });
  });
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

function takeEventLoops(compiled: Compiled, take: Take): void {
  const needed = needing(compiled, "loop-turns");
  if (needed.length === 0) return;
  const paces = { everyMs: pulseEveryMs(compiled), listEveryMs: loopsListEveryMs(compiled) };
  take(["event-loops", needed, paces], () => createEventLoopsSensor({ neededFor: (strategy) => needed.includes(strategy), ...paces }));
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
