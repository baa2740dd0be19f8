import type { Rate, TargetStatus } from "../core/status.ts";
import type { DaemonStatus, TaskCount } from "../daemon/status.ts";
import { machineMetrics } from "./machine-metrics.ts";
import { gauge, prometheusText, type Metric, type Sample } from "./prometheus-text.ts";

/** What has been counted since the daemon started. */
interface Counted {
  readonly tasks: readonly TaskCount[];
  readonly records: readonly Metric[];
}

/** GET /metrics: the status as gauges, what was counted, the machine, and healer's own size. */
export function metricsText(status: DaemonStatus, { tasks, records }: Counted): string {
  return prometheusText([
    ...daemonMetrics(status),
    ...targetMetrics(status.targets),
    { name: "healer_tasks_total", type: "counter", help: "Tasks that finished since healer started.", samples: finished(tasks) },
    ...records,
    ...machineMetrics(status.host),
    ...selfMetrics(status),
  ]);
}

function daemonMetrics(status: DaemonStatus): readonly Metric[] {
  const lastTurn = status.last_turn_at === null ? [] : [{ value: Date.parse(status.last_turn_at) / 1000 }];
  const blind = status.blind.map(({ sensor, target }) => ({ labels: { sensor, target: target ?? "" }, value: 1 }));
  const queues = (pick: "pending" | "running"): Sample[] =>
    status.queues.flatMap((queue) => (queue[pick] === null ? [] : [{ labels: { queue: queue.name }, value: queue[pick] }]));
  return [
    gauge("healer_mode", "1 = heal, 0 = observe: decide and record only.", [{ value: status.mode === "heal" ? 1 : 0 }]),
    gauge("healer_paused", "Everything is paused.", [{ value: status.paused === null ? 0 : 1 }]),
    gauge("healer_needs_person", "Reasons why a person is needed.", [{ value: status.needs_person.length }]),
    gauge("healer_last_turn_timestamp_seconds", "End of the last turn.", lastTurn),
    gauge("healer_config_last_reload_successful", "0 = the newest edit was refused.", [{ value: status.config.rejected === null ? 1 : 0 }]),
    gauge("healer_pm2_up", "PM2 answers.", [{ value: status.pm2.state === "up" ? 1 : 0 }]),
    gauge("healer_journal_up", "The journal takes intents; without it nothing is healed.", [
      { value: status.journal_error === null ? 1 : 0 },
    ]),
    gauge("healer_budget_tokens", "Heals the budget allows now.", [{ value: status.budget.tokens }]),
    gauge("healer_sensor_blind", "A sensor cannot see.", blind.length > 0 ? blind : [{ labels: { sensor: "", target: "" }, value: 0 }]),
    gauge("healer_queue_pending", "Tasks waiting.", queues("pending")),
    gauge("healer_queue_running", "Tasks in hand.", queues("running")),
  ];
}

function targetMetrics(targets: readonly TargetStatus[]): readonly Metric[] {
  const groups = targets.filter((target) => target.kind === "group");
  const open = (target: TargetStatus): Sample => ({ labels: labelsOf(target), value: target.circuit_open ? 1 : 0 });
  const phase = (target: TargetStatus): Sample => ({ labels: { ...labelsOf(target), phase: target.phase }, value: 1 });
  const ratios = targets.flatMap((target) => [...ratio(target, "1h", target.success.hour), ...ratio(target, "24h", target.success.day)]);
  const tasks = targets.flatMap((target) => [
    ...outcomes(target, "1h", target.success.hour),
    ...outcomes(target, "24h", target.success.day),
  ]);
  return [
    gauge("healer_success_ratio", "Share of tasks that succeeded; absent without a finished task.", ratios),
    gauge("healer_window_tasks", "Finished tasks in the window, by outcome.", tasks),
    gauge("healer_target_phase", "State of each target, as a label.", targets.map(phase)),
    gauge("healer_circuit_open", "Healing of the target has stopped.", targets.map(open)),
    gauge("healer_duplicates", "Workers too many, and copies outside PM2, by who owns them.", duplicates(groups)),
    gauge(
      "healer_incident_open",
      "Several workers of the group went bad together.",
      groups.map((group) => ({ labels: { app: group.id }, value: group.incident === null ? 0 : 1 })),
    ),
  ];
}

function duplicates(groups: readonly TargetStatus[]): readonly Sample[] {
  const owners = ["pm2", "orphan", "outside", "other_daemon"];
  const all = groups.flatMap((group) => group.duplicates);
  return owners.map((owner) => ({ labels: { owner }, value: all.filter((each) => each.owner === owner).length }));
}

/** A group is `worker=""`; a worker's app is its group's id. */
function labelsOf({ id, kind }: TargetStatus): { readonly app: string; readonly worker: string } {
  if (kind === "group") return { app: id, worker: "" };
  const colon = id.lastIndexOf(":");
  return { app: colon === -1 ? id : id.slice(0, colon), worker: id };
}

function ratio(target: TargetStatus, window: string, rate: Rate | null): readonly Sample[] {
  return rate === null ? [] : [{ labels: { ...labelsOf(target), window }, value: rate.rate }];
}

function outcomes(target: TargetStatus, window: string, rate: Rate | null): readonly Sample[] {
  if (rate === null) return [];
  const labels = { ...labelsOf(target), window };
  return [
    { labels: { ...labels, outcome: "ok" }, value: rate.ok },
    { labels: { ...labels, outcome: "failed" }, value: rate.failed },
  ];
}

function finished(tasks: readonly TaskCount[]): readonly Sample[] {
  return tasks.flatMap(({ app, ok, failed }) => [
    { labels: { app, outcome: "ok" }, value: ok },
    { labels: { app, outcome: "failed" }, value: failed },
  ]);
}

function selfMetrics(status: DaemonStatus): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const started = Date.parse(status.started_at) / 1000;
  return [
    gauge("healer_build_info", "Version.", [{ labels: { version: status.version }, value: 1 }]),
    gauge("process_resident_memory_bytes", "Resident memory of healer.", [{ value: process.memoryUsage.rss() }]),
    gauge("process_start_time_seconds", "Start of healer.", [{ value: started }]),
    { name: "process_cpu_seconds_total", type: "counter", help: "CPU time of healer.", samples: [{ value: (user + system) / 1e6 }] },
  ];
}
