import type { GpuFact, GpuHolder } from "../core/gpu.ts";
import { pressuresNow } from "../core/pressure.ts";
import type { State } from "../core/state.ts";
import type { HostFacts } from "../world/host/host.ts";
import type { GpuStatus, HostStatus } from "./status.ts";

/** `facts`: of the machine, null where none was read yet; GPUs and what is short stand in the state. */
export function hostStatus(state: State, facts: HostFacts | null): HostStatus | null {
  if (facts === null) return null;
  return {
    memory_total_bytes: facts.memory?.totalBytes ?? null,
    memory_available_bytes: facts.memory?.availableBytes ?? null,
    disk_total_bytes: facts.disk?.totalBytes ?? null,
    disk_free_bytes: facts.disk?.freeBytes ?? null,
    load_1m: facts.load?.[0] ?? null,
    cores: facts.cores,
    pressures: [...pressuresNow(state, "host:"), ...pressuresNow(state, "gpu:")].map(({ reason }) => reason),
    gpus: (state.machine.gpus?.gpus ?? []).map(gpuStatus),
  };
}

function gpuStatus(gpu: GpuFact): GpuStatus {
  return {
    index: gpu.index,
    name: gpu.name,
    utilization_percent: gpu.utilizationPercent,
    memory_total_bytes: gpu.memoryTotalBytes,
    memory_used_bytes: gpu.memoryUsedBytes,
    temperature_c: gpu.temperatureC,
    clock_mhz: gpu.clockMhz,
    clock_max_mhz: gpu.clockMaxMhz,
    power_w: gpu.powerW,
    throttled: gpu.throttles,
    processes: gpu.holders.map(holderStatus),
  };
}

function holderStatus({ pid, bytes, owner }: GpuHolder): GpuStatus["processes"][number] {
  return {
    ...{ pid, memory_bytes: bytes, owner: owner.kind },
    ...(owner.kind === "worker" ? { target: owner.target } : {}),
    ...(owner.kind === "outside" ? { command: owner.command } : {}),
  };
}
