import type { Duplicate } from "../core/status-duplicates.ts";
import { plural } from "../core/words.ts";
import type { DaemonStatus, GpuStatus } from "../daemon/status.ts";
import { forText, statusTable } from "./status-table.ts";
import { agoText, shortWords } from "./status-words.ts";
import { paint, plain, type Terminal } from "./terminal.ts";
import { bytesText, wrap } from "./text-layout.ts";

const LATE_TURNS = 5; // as /healthz counts
const LATE_SLACK_MS = 1_000;
const MODES = { heal: "mode HEAL", observe: "mode OBSERVE (decides and records, changes nothing)" } as const;

/** The page of `healer status`: who runs, who needs a person, every target, and what it looks at. */
export function statusPage(status: DaemonStatus, terminal: Pick<Terminal, "columns" | "colour">, nowWallMs: number): string {
  const table =
    status.targets.length === 0
      ? ["No targets: no running PM2 app is selected by the configuration (see: healer check)"]
      : statusTable(status.targets, { terminal, nowWallMs, mode: status.mode });
  const foot = footLines(status).flatMap((line) => wrap(line, terminal.columns, "", "  "));
  return [
    ...headLines(status, terminal, nowWallMs),
    ...personLines(status, terminal),
    "",
    ...table,
    ...(foot.length > 0 ? ["", ...foot] : []),
  ].join("\n");
}

function headLines(status: DaemonStatus, terminal: Pick<Terminal, "columns" | "colour">, nowWallMs: number): readonly string[] {
  const { config, pm2 } = status;
  const up = shortWords(nowWallMs - Date.parse(status.started_at));
  const sinceTurnMs = status.last_turn_at === null ? null : nowWallMs - Date.parse(status.last_turn_at);
  const isLate = sinceTurnMs !== null && sinceTurnMs > LATE_TURNS * status.interval_ms + LATE_SLACK_MS;
  const turn = sinceTurnMs === null ? "no turn yet" : `last turn ${agoText(sinceTurnMs)}${isLate ? " (LATE: it may be stuck)" : ""}`;
  const version = pm2.version === null ? "" : `${pm2.version} `;
  const reason = pm2.reason === null ? "" : `: ${pm2.reason}`;
  return [
    paint(terminal, "bold", `healer ${plain(status.version)}, ${MODES[status.mode]}`),
    paint(terminal, isLate ? "red" : null, `  ${turn}, up ${up}, pid ${status.pid} (${plain(status.user)})`),
    `  config ${plain(config.file)}, ${plain(config.hash)}, loaded ${agoText(nowWallMs - Date.parse(config.loaded_at))}`,
    paint(terminal, pm2.state === "up" ? null : "red", `  PM2 ${plain(version)}${pm2.state}, ${plain(pm2.home)}${plain(reason)}`),
    ...(status.url === null ? [] : [`  serves ${plain(status.url)}`]),
    ...(status.paused === null ? [] : [paint(terminal, "cyan", `  EVERYTHING IS PAUSED: ${plain(status.paused)}`)]),
  ];
}

function personLines(status: DaemonStatus, terminal: Pick<Terminal, "columns" | "colour">): readonly string[] {
  if (status.needs_person.length === 0) return [];
  const lines = status.needs_person.flatMap((reason) => wrap(plain(reason), terminal.columns, "  ! ", "    "));
  return ["", paint(terminal, "red", `A PERSON IS NEEDED (${plural(status.needs_person.length, "reason")})`), ...lines];
}

function footLines(status: DaemonStatus): readonly string[] {
  const { host, budget } = status;
  const queues = status.queues.map(queueLine);
  const poison = status.queues.flatMap(({ name, poison_tasks }) =>
    poison_tasks.map(({ task, workers }) => plain(`poison task ${task} of queue ${name}: failed on ${workers.join(", ")}`)),
  );
  const blind = status.blind.map(({ sensor, target, reason, for_ms }) =>
    plain(`blind ${sensor}${target === null ? "" : ` for ${target}`}: ${reason}, ${forText(for_ms)}`),
  );
  const duplicates = status.targets.flatMap(({ id, duplicates: found }) => found.map((each) => duplicateLine(id, each)));
  return [
    ...queues,
    ...poison,
    ...blind,
    ...duplicates,
    ...(host === null ? [] : [hostLine(host), ...host.gpus.map(gpuLine)]),
    `budget ${Math.floor(budget.tokens)} of ${plural(budget.max, "heal")} left`,
  ];
}

function queueLine({ name, pending, running, completed, failed, age_ms: ageMs }: DaemonStatus["queues"][number]): string {
  const finished = completed === null || failed === null ? "" : `, ${completed} completed, ${failed} failed`;
  return `queue ${plain(name)}: ${pending ?? "?"} pending, ${running ?? "?"} running${finished}, read ${agoText(ageMs)}`;
}

function duplicateLine(app: string, { owner, pid, command, started_at, counts }: Duplicate): string {
  const what = { pm2: "one row too many in PM2", orphan: "orphan", outside: "outside PM2", other_daemon: "under another PM2 daemon" }[
    owner
  ];
  const note = counts ? "" : ", reported only";
  return plain(`duplicate of ${app}: pid ${pid}, ${what}, since ${started_at}${note}: ${command} (healer explain ${app})`);
}

/** Only what is known of the machine. */
function hostLine(host: NonNullable<DaemonStatus["host"]>): string {
  const free = (what: string, freeBytes: number | null, totalBytes: number | null): string | null =>
    freeBytes === null || totalBytes === null ? null : `${what} ${bytesText(freeBytes)} of ${bytesText(totalBytes)} free`;
  const known = [
    free("memory", host.memory_available_bytes, host.memory_total_bytes),
    free("disk", host.disk_free_bytes, host.disk_total_bytes),
    host.load_1m === null ? null : `load ${host.load_1m.toFixed(2)} on ${plural(host.cores, "core")}`,
  ].filter((part) => part !== null);
  return `host ${known.length === 0 ? "unknown" : known.join(", ")}`;
}

/** "GPU 0 NVIDIA H100: 97 % busy, memory 18GB of 80GB used, 71 °C, 1980 of 1980 MHz, 512 W". */
function gpuLine(gpu: GpuStatus): string {
  const { memory_used_bytes: used, memory_total_bytes: total } = gpu;
  const known = [
    gpu.utilization_percent === null ? null : `${gpu.utilization_percent} % busy`,
    used === null || total === null ? null : `memory ${bytesText(used)} of ${bytesText(total)} used`,
    gpu.temperature_c === null ? null : `${gpu.temperature_c} °C`,
    gpu.clock_mhz === null || gpu.clock_max_mhz === null ? null : `${gpu.clock_mhz} of ${gpu.clock_max_mhz} MHz`,
    gpu.power_w === null ? null : `${Math.round(gpu.power_w)} W`,
    gpu.throttled.length === 0 ? null : `THROTTLED: ${gpu.throttled.join(", ")}`,
  ].filter((part) => part !== null);
  return plain(`GPU ${gpu.index} ${gpu.name}: ${known.length === 0 ? "unknown" : known.join(", ")}`);
}
