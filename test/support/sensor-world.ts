import type { SensorWorld } from "../../src/daemon/sensor-shelf.ts";
import { MemoryPm2 } from "./memory-pm2.ts";
import { createHostReader } from "../../src/sensors/host.ts";

/** What sensors look at, with a machine that tells nothing and a PM2 out of sight. */
export function sensorWorld(world: Pick<SensorWorld, "state" | "processes">): SensorWorld {
  const read = () => Promise.resolve({ cores: 1, load: null, memory: null, disk: null });
  return { ...world, host: createHostReader({ read, nowMs: () => 0 }), pm2: () => null, bus: new MemoryPm2() };
}
