import type { Compiled } from "../config/compiled.ts";
import type { State } from "../core/state.ts";
import { createHttpProbeSensors } from "../sensors/http-probes.ts";
import { createOsProcessSensor } from "../sensors/os-processes.ts";
import type { Sensor } from "../sensors/sensor.ts";
import type { Processes } from "../world/processes/processes.ts";

type Need = Compiled["strategies"][number]["boundRules"][number]["needs"][number];

/** The sensors a configuration needs, and no others: what no rule asks for is not looked at. */
export function buildSensors(compiled: Compiled, world: { state: State; processes: Processes }): readonly Sensor[] {
  const { policy, strategies, queues } = compiled;
  const needing = (need: Need): ReadonlySet<string> =>
    new Set(strategies.filter(({ boundRules }) => boundRules.some(({ needs }) => needs.includes(need))).map(({ name }) => name));
  const [memory, pulse] = [needing("memory"), needing("pulse")];
  const strategyOf = (id: string): string => world.state.targets.get(id)?.strategy ?? "";
  const osProcesses = createOsProcessSensor({
    processes: world.processes,
    memoryFor: (id) => memory.has(strategyOf(id)),
    pulseFor: (id) => pulse.has(strategyOf(id)),
    everyMs: pulseEveryMs(compiled),
  });
  const probes = strategies.flatMap(({ name, boundRules }) =>
    boundRules.filter(({ needs }) => needs.includes("probe")).map(({ key, params }) => ({ strategy: name, key, params })),
  );
  const queueSensors = queues.map(({ name, kind, params }) =>
    kind.create(params, {
      name,
      strategies: strategies.filter(({ queues: named }) => named.includes(name)).map((strategy) => strategy.name),
      intervalMs: policy.intervalMs,
    }),
  );
  return [...(memory.size + pulse.size > 0 ? [osProcesses] : []), ...createHttpProbeSensors(probes), ...queueSensors];
}

const READINGS_A_PATIENCE = 4;
const PULSE_MS_MIN = 500;

/** Every turn; quicker where a rule has so little patience (`for`) that a turn would be a large part of it. */
function pulseEveryMs({ policy, strategies }: Compiled): number {
  const patienceMs = strategies.flatMap(({ boundRules }) =>
    boundRules.filter(({ needs }) => needs.includes("pulse")).flatMap(({ params }) => patienceOf(params)),
  );
  return Math.min(policy.intervalMs, ...patienceMs.map((each) => Math.max(PULSE_MS_MIN, each / READINGS_A_PATIENCE)));
}

function patienceOf(params: unknown): readonly number[] {
  return typeof params === "object" && params !== null && "for" in params && typeof params.for === "number" ? [params.for] : [];
}
