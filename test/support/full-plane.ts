import type { GpuStatus } from "../../src/daemon/status.ts";
import { daemonStatus, FakeControlPlane, targetStatus } from "./fake-control-plane.ts";
import { sealedRecord } from "./log-records.ts";

const GB = 1024 ** 3;

const GPU: GpuStatus = {
  ...{ index: 0, name: "NVIDIA H100 80GB HBM3", utilization_percent: 74, memory_total_bytes: 80 * GB, memory_used_bytes: 61 * GB },
  ...{ temperature_c: 63, clock_mhz: 1_755, clock_max_mhz: 1_980, power_w: 512, throttled: ["heat"] },
  processes: [{ pid: 7, memory_bytes: GB, owner: "outside" }],
};

/** A daemon of which every metric has something to tell, and every counter grows with `work`. */
export function fullPlane(): { readonly plane: FakeControlPlane; readonly work: () => void } {
  const plane = new FakeControlPlane();
  const rate = { ok: 90, failed: 10, rate: 0.9, low: 0.8, high: 0.95 };
  const duplicate = { owner: "orphan", pid: 9, command: "node rpa.js", started_at: "", counts: true } as const;
  plane.current = daemonStatus({
    last_turn_at: new Date().toISOString(),
    targets: [
      targetStatus({ id: "rpa", kind: "group", incident: "canary", success: { hour: rate, day: rate }, duplicates: [duplicate] }),
      targetStatus({ id: "rpa:0", circuit_open: true, phase: "open", success: { hour: rate, day: rate } }),
      targetStatus({ id: 'we"ird\\na\nme:0' }),
    ],
    blind: [{ sensor: "queue-stats", target: "rpa", reason: "refused", for_ms: 5 }],
    queues: [{ name: "llm", pending: 7, running: 2, completed: 1, failed: 1, age_ms: 10, totals_only: true, poison_tasks: [] }],
    host: {
      ...{ memory_total_bytes: 256 * GB, memory_available_bytes: 93 * GB, disk_total_bytes: 480 * GB, disk_free_bytes: 171 * GB },
      ...{ load_1m: 9.4, cores: 32, pressures: ["the GPU is too hot"], gpus: [GPU] },
    },
    needs_person: ["rpa:0: circuit open"],
  });
  let round = 0;
  const work = (): void => {
    const heal = { heal_id: `20261122-031245-${(round += 1)}`, app: "rpa", target: "rpa:0" };
    plane.taskCounts = [{ app: "rpa", ok: 9 * round, failed: round }];
    plane.write(sealedRecord({ event: "heal_intent", ...heal, more: { action: "restart" } }));
    plane.write(sealedRecord({ event: "heal_action", ...heal, more: { ok: true, took_ms: 312 } }));
    const times = { time_to_detect_ms: 40_000, time_to_recover_ms: 220_000 };
    plane.write(sealedRecord({ event: "heal_verdict", ...heal, more: { verdict: "failed", ...times } }));
    plane.write(sealedRecord({ event: "hold", target: "rpa:0", more: { guard: "grace" } }));
  };
  return { plane, work };
}
