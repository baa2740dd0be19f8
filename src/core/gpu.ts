import type { TargetId } from "./observation.ts";

/** One GPU as `nvidia-smi` shows it; null = it does not say. Zero is a value. */
export interface GpuFact {
  /** As `nvidia-smi` counts them, from 0. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly utilizationPercent: number | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryFreeBytes: number | null;
  readonly temperatureC: number | null;
  readonly clockMhz: number | null;
  readonly clockMaxMhz: number | null;
  readonly powerW: number | null;
  /** Why its clocks are held down, where that means trouble: "hardware thermal slowdown". Idling and the power limit are none. */
  readonly throttles: readonly string[];
  readonly holders: readonly GpuHolder[];
}

/** A process that holds memory of a GPU. */
export interface GpuHolder {
  readonly pid: number;
  /** null = the driver does not tell. */
  readonly bytes: number | null;
  readonly owner: GpuOwner;
}

/**
 * `worker`: in the process tree of a worker healer watches; `pm2`: in that of another row of PM2; `outside`: PM2 does not own it;
 * `unseen`: healer does not see such a process (another PID namespace), so that nothing is concluded from it.
 */
export type GpuOwner =
  | { readonly kind: "worker"; readonly target: TargetId }
  | { readonly kind: "pm2" }
  | { readonly kind: "outside"; readonly command: string }
  | { readonly kind: "unseen" };

/** Which GPUs the workers of a strategy compute on: by number, all, or none; left out = those on which they hold memory. */
export type GpuChoice = readonly number[] | "all" | "none";

export function sayGpu({ index, name }: GpuFact): string {
  return `GPU ${index} (${name})`;
}
