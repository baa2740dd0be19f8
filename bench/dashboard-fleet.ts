import type { Explanation } from "../src/core/explain.ts";
import type { Rate, TargetStatus } from "../src/core/status.ts";
import { wilsonLower, wilsonUpper } from "../src/core/wilson.ts";
import type { Curve, DaemonStatus } from "../src/daemon/status.ts";
import { daemonStatus, explanation, FakeControlPlane, targetStatus } from "../test/support/fake-control-plane.ts";
import { sealedRecord } from "../test/support/log-records.ts";

const GB = 1024 ** 3;
const MB = 1024 ** 2;
const HOUR_MS = 3_600_000;
const GROUP_SIZE = 3;
const GROUPS = ["llm-worker", "rpa-worker", "mailer"];

/** A fleet nobody runs: for pictures of nine workers in trouble, and for figures of a thousand that are well. */
export function inventedFleet({ workers }: { readonly workers: number }) {
  const plane = new FakeControlPlane();
  const nowMs = Date.now();
  const names = workers <= 9 ? GROUPS : Array.from({ length: Math.ceil(workers / 50) }, (_, index) => `app-${index}`);
  const size = workers <= 9 ? GROUP_SIZE : 50;
  let round = 0;
  const set = (): void => {
    plane.current = status(
      nowMs,
      names.flatMap((name, index) => group(name, { size, index, round, isStaged: workers <= 9 })),
    );
  };
  set();
  for (const record of records(nowMs)) plane.write(record);
  plane.curveNow = curve(nowMs);
  plane.explanations.set("llm-worker:1", llmExplained(nowMs));
  const changeAll = (): void => {
    round += 1;
    set();
    plane.turn();
  };
  return { plane, changeAll };
}

function rate(ok: number, failed: number): Rate {
  const n = ok + failed;
  return { ok, failed, rate: ok / n, low: wilsonLower(ok, n, 1.96), high: wilsonUpper(ok, n, 1.96) };
}

interface Of {
  readonly size: number;
  readonly index: number;
  readonly round: number;
  readonly isStaged: boolean;
}

function group(name: string, { size, index, round, isStaged }: Of): readonly TargetStatus[] {
  const base = { strategy: name, threshold: 0.7 };
  const members = Array.from({ length: size }, (_, instance) =>
    targetStatus({
      ...base,
      id: `${name}:${instance}`,
      pm_id: index * size + instance,
      pid: 4_000 + index * size + instance,
      memory_bytes: (120 + 13 * instance + round) * MB,
      uptime_ms: 26 * HOUR_MS - instance * 600_000,
      restarts: instance === 1 ? 2 : 0,
      success: { hour: rate(212 + 3 * instance + round, 4 + instance), day: rate(5_012 + instance, 97) },
      ...(isStaged ? trouble(name, instance) : {}),
    }),
  );
  const hour = members.reduce(
    (sum, { success }) => ({ ok: sum.ok + (success.hour?.ok ?? 0), failed: sum.failed + (success.hour?.failed ?? 0) }),
    {
      ok: 0,
      failed: 0,
    },
  );
  const incident = isStaged && name === "mailer" ? { incident: "canary", incident_suspect: "upstream" as const, needs_person: true } : {};
  const success = { hour: rate(hour.ok, hour.failed), day: rate(15_040, 290) };
  return [
    targetStatus({
      ...base,
      id: name,
      kind: "group",
      pid: null,
      pm2_status: null,
      uptime_ms: null,
      restarts: null,
      memory_bytes: null,
      success,
      ...incident,
    }),
    ...members,
  ];
}

function trouble(name: string, instance: number): Partial<TargetStatus> {
  if (name === "llm-worker" && instance === 1) {
    return {
      phase: "verifying",
      state: "heal 7f3k: watching whether it helped, verdict in 1 m 40 s at the earliest",
      success: { hour: rate(61, 58), day: rate(4_803, 311) },
      memory_bytes: 486 * MB,
      uptime_ms: 80_000,
    };
  }
  if (name !== "mailer") return {};
  return {
    phase: "suspect",
    state: "suspect for 1 m 12 s",
    symptom: "http-probe: http://127.0.0.1:9100/health: 3 of the last 5 probes failed, last: HTTP 503",
    success: { hour: rate(140, 31 + instance), day: rate(4_950, 102) },
  };
}

function status(nowMs: number, targets: readonly TargetStatus[]): DaemonStatus {
  const gpu = { index: 0, name: "NVIDIA H100 80GB HBM3", utilization_percent: 74, memory_total_bytes: 80 * GB, memory_used_bytes: 61 * GB };
  const clocks = { temperature_c: 63, clock_mhz: 1_755, clock_max_mhz: 1_980, power_w: 512, throttled: [], processes: [] };
  const disk = { disk_total_bytes: 480 * GB, disk_free_bytes: 171 * GB };
  const needs = targets
    .filter(({ incident }) => incident !== null)
    .map(({ id }) => `${id}: an incident is open (canary); suspect: upstream`);
  return daemonStatus({
    started_at: new Date(nowMs - 30 * HOUR_MS).toISOString(),
    last_turn_at: new Date(nowMs).toISOString(),
    config: {
      file: "/etc/healer/healer.config.yaml",
      hash: "0a1b2c3d4e5f",
      loaded_at: new Date(nowMs - 2 * HOUR_MS).toISOString(),
      rejected: null,
    },
    needs_person: needs,
    targets,
    queues: [
      { name: "llm", pending: 42, running: 6, completed: 120_411, failed: 3_208, age_ms: 900, totals_only: false, poison_tasks: [] },
    ],
    host: {
      memory_total_bytes: 256 * GB,
      memory_available_bytes: 93 * GB,
      ...disk,
      load_1m: 9.4,
      cores: 32,
      pressures: [],
      gpus: [{ ...gpu, ...clocks }],
    },
  });
}

/** Of the past hour: a heal that helped, one under way, an incident. */
function records(nowMs: number) {
  return [...healed(nowMs), ...incident(nowMs)];
}

function healed(nowMs: number) {
  const at = (agoMs: number): string => new Date(nowMs - agoMs).toISOString();
  const of = { target: "llm-worker:1", app: "llm-worker", strategy: "llm-worker", heal_id: "7f3k" };
  const earlier = { ...of, heal_id: "6b1c" };
  return [
    sealedRecord({
      ...earlier,
      ts: at(40 * 60_000),
      event: "heal_intent",
      reason: "1 h: 58 % (52–64 %, n=241), at most 66 %; required: 70 %; action: restart (heal 1 of 3 before giving up)",
      more: { action: "restart" },
    }),
    sealedRecord({
      ...earlier,
      ts: at(39.9 * 60_000),
      event: "heal_action",
      reason: "restart of llm-worker:1 done in 312 ms, new pid 3977",
      more: { ok: true },
    }),
    sealedRecord({
      ...earlier,
      ts: at(36 * 60_000),
      event: "heal_verdict",
      reason: "recovered: 96 tasks since its last start: 92 ok; required: 70 %",
      more: { verdict: "recovered" },
    }),
    sealedRecord({
      ...of,
      ts: at(100_000),
      event: "symptom",
      level: "warn",
      reason: "1 h: 51 % (42–60 %, n=119), at most 62 %; required: 70 %; counts once it has stood for 60 s",
    }),
    sealedRecord({
      ...of,
      ts: at(82_000),
      event: "heal_intent",
      reason: "1 h: 51 % (42–60 %, n=119), at most 62 %; required: 70 %; action: restart (heal 1 of 3 before giving up)",
      more: { action: "restart" },
    }),
    sealedRecord({
      ...of,
      ts: at(80_000),
      event: "heal_action",
      reason: "restart of llm-worker:1 done in 298 ms, new pid 4001",
      more: { ok: true },
    }),
  ];
}

function incident(nowMs: number) {
  const at = (agoMs: number): string => new Date(nowMs - agoMs).toISOString();
  const mailer = { target: "mailer", app: "mailer", strategy: "mailer" };
  return [
    sealedRecord({
      ...mailer,
      ts: at(70_000),
      event: "incident_open",
      level: "error",
      reason: "3 of 3 workers of mailer went bad within 40 s; suspect: upstream, 5 h after the group's last restart",
      more: { suspect: "upstream" },
    }),
    sealedRecord({
      ...mailer,
      ts: at(30_000),
      event: "incident_canary",
      level: "warn",
      reason: "mailer:0 is healed first; mailer:1 and mailer:2 wait for what it shows",
    }),
  ];
}

/** A rate that sinks, is healed, and sinks again; a memory that climbs with it. */
function curve(nowMs: number): Curve {
  const at = Array.from({ length: 360 }, (_, index) => Math.floor(nowMs / 10_000) * 10 - (359 - index) * 10);
  const dip = (index: number, from: number): number => Math.max(0, Math.min(1, (index - from) / 90));
  const success = at.map(
    (_, index) => 0.94 - 0.36 * dip(index, 30) + 0.32 * dip(index, 140) - 0.39 * dip(index, 262) + 0.012 * Math.sin(index / 5),
  );
  const memory = at.map(
    (_, index) => ((index < 120 ? 210 + 2.1 * index : index < 352 ? 205 + 1.2 * (index - 120) : 208) + 4 * Math.sin(index)) * MB,
  );
  const series = {
    success_rate: success,
    success_low: success.map((share) => share - 0.055),
    success_high: success.map((share) => Math.min(1, share + 0.05)),
    memory_bytes: memory,
  };
  return { step_s: 10, at, series };
}

function llmExplained(nowMs: number): Explanation {
  const none = { sustained: false, value: null, threshold: null, unit: "", n: null, low: null, high: null, stands_ms: null };
  const passes = (guard: string, reason: string) => ({ guard, holds: false, reason, flip: "", until: null, left_ms: null });
  const until = new Date(nowMs + 100_000).toISOString();
  return explanation({
    target: "llm-worker:1",
    strategy: "llm-worker",
    state: "heal 7f3k: watching whether it helped, verdict in 1 m 40 s at the earliest",
    decision: "busy",
    reason: "heal 7f3k is under way: restart done 80 s ago; watching whether it helped",
    flip: "the verdict: recovered once 40 tasks since its start prove the rate above 70 %, failed once they prove it below",
    rules: [
      {
        ...none,
        rule: "success-rate",
        state: "elevated",
        text: "14 tasks since its last start: 13 ok; 1 h: 51 % (42–60 %, n=119); required: 70 %",
        flip: "would heal if 4 of the next 5 tasks fail",
      },
      {
        ...none,
        rule: "memory-above",
        state: "fine",
        text: "memory 208MB, limit 512MB",
        flip: "would heal if it held more than 512MB (304MB more than now) for 1m",
      },
      {
        ...none,
        rule: "frozen",
        state: "fine",
        text: "process 4001 has a pulse",
        flip: "would heal if it stood still for 1m30s burning CPU",
      },
    ],
    guards: [
      {
        guard: "grace",
        holds: true,
        reason: "it started 80 s ago; its grace period is 180 s",
        flip: "in 1 m 40 s",
        until,
        left_ms: 100_000,
      },
      passes("budget", "5 of 5 heals left"),
      passes("unavailable", "1 worker of llm-worker is being healed; at most 1 at once"),
      passes("gpu", "GPU 0: 63 °C, not throttled, 19 GB of VRAM free"),
    ],
    last_heal: null,
  });
}
