import type { GpuStatus, HostStatus } from "../daemon/status.ts";
import { gauge, type Metric, type Sample } from "./prometheus-text.ts";

const OWNERS = ["worker", "pm2", "outside", "unseen"] as const;
const GPU_GAUGES: readonly (readonly [name: string, help: string, pick: (gpu: GpuStatus) => number | null])[] = [
  ["healer_gpu_utilization_ratio", "Share of time in which it computed.", (gpu) => scaled(gpu.utilization_percent, 0.01)],
  ["healer_gpu_memory_size_bytes", "Memory of the GPU.", (gpu) => gpu.memory_total_bytes],
  ["healer_gpu_memory_used_bytes", "What is used of it.", (gpu) => gpu.memory_used_bytes],
  ["healer_gpu_temperature_celsius", "Temperature.", (gpu) => gpu.temperature_c],
  ["healer_gpu_clock_hertz", "Clock of its processors.", (gpu) => scaled(gpu.clock_mhz, 1e6)],
  ["healer_gpu_power_watts", "Power it takes.", (gpu) => gpu.power_w],
  ["healer_gpu_throttled", "1 = the driver slows it down.", (gpu) => (gpu.throttled.length > 0 ? 1 : 0)],
];

/** The machine and its GPUs as far as they tell; a GPU is known by its index, its name stands in `healer_gpu_info` alone. */
export function machineMetrics(host: HostStatus | null): readonly Metric[] {
  if (host === null) return [];
  return [
    gauge("healer_host_memory_size_bytes", "Memory of the machine.", known(host.memory_total_bytes)),
    gauge("healer_host_memory_available_bytes", "Memory that programs could still take.", known(host.memory_available_bytes)),
    gauge("healer_host_disk_size_bytes", "The disk that holds healer's records.", known(host.disk_total_bytes)),
    gauge("healer_host_disk_free_bytes", "What is free of it.", known(host.disk_free_bytes)),
    gauge("healer_host_load1", "Load average of one minute.", known(host.load_1m)),
    gauge("healer_host_cores", "Cores of the machine.", known(host.cores)),
    gauge("healer_host_pressures", "What of the machine is short, or too hot, now.", known(host.pressures.length)),
    ...gpuMetrics(host.gpus),
  ];
}

function gpuMetrics(gpus: readonly GpuStatus[]): readonly Metric[] {
  const info = gpus.map(({ index, name }) => ({ labels: { gpu: String(index), name }, value: 1 }));
  return [
    gauge("healer_gpu_info", "Model.", info),
    ...GPU_GAUGES.map(([name, help, pick]) =>
      gauge(
        name,
        help,
        gpus.flatMap((gpu) => known(pick(gpu), { gpu: String(gpu.index) })),
      ),
    ),
    gauge("healer_gpu_processes", "Processes on it, by who owns them.", processes(gpus)),
  ];
}

function processes(gpus: readonly GpuStatus[]): readonly Sample[] {
  return gpus.flatMap((gpu) =>
    OWNERS.map((owner) => ({
      labels: { gpu: String(gpu.index), owner },
      value: gpu.processes.filter((process) => process.owner === owner).length,
    })),
  );
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

/** What is not known has no sample. */
function known(value: number | null, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
  return value === null ? [] : [{ labels, value }];
}
