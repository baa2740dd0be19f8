import type { GpuTrouble } from "./gpu-trouble.ts";
import type { GpusKnown, GpuUse } from "./gpu-use.ts";
import type { TargetId } from "./observation.ts";
import type { Pressure } from "./pressure.ts";

/** What is known of the machine itself; read anew after every start of healer. */
export interface MachineFacts {
  /** Parts that have been too little or too hot, by name: `host:disk`, `gpu:0`. */
  readonly pressures: Map<string, Pressure>;
  /** The newest reading; null = none, or they cannot be seen. */
  gpus: GpusKnown | null;
  /** By worker, and then by the GPU's uuid. */
  readonly gpuUse: Map<TargetId, Map<string, GpuUse>>;
  /** By worker or group. */
  readonly gpuTroubles: Map<TargetId, GpuTrouble>;
}

export function newMachineFacts(): MachineFacts {
  return { pressures: new Map(), gpus: null, gpuUse: new Map(), gpuTroubles: new Map() };
}
