import type { HostFacts } from "../world/host/host.ts";
import type { HostStatus } from "./status.ts";

export function hostStatus(facts: HostFacts | null): HostStatus | null {
  if (facts === null) return null;
  return {
    memory_total_bytes: facts.memory?.totalBytes ?? null,
    memory_available_bytes: facts.memory?.availableBytes ?? null,
    disk_total_bytes: facts.disk?.totalBytes ?? null,
    disk_free_bytes: facts.disk?.freeBytes ?? null,
    load_1m: facts.load?.[0] ?? null,
    cores: facts.cores,
  };
}
