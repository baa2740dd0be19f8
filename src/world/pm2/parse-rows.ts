import type { Pm2Status, WorkerRow } from "../../core/worker-row.ts";
import type { StopLimits } from "./pm2.ts";
import { logsOf } from "./parse-logs.ts";
import { reportOf } from "./parse-report.ts";
import { toldByAgent } from "./parse-vitals.ts";
import { isRecord, positiveOrNull, textOrNull, wholeOrNull, type Fields } from "./pm2-fields.ts";

const ROWS_MAX = 10_000;
const ENV_VALUE_MAX = 4096;
const ARGS_MAX = 100;
const ARG_MAX = 4096;
const STATUSES: readonly Pm2Status[] = ["online", "launching", "stopping", "stopped", "errored", "waiting restart", "one-launch-status"];
/** PM2's own defaults (constants.js and ActionMethods.js of 5.4 to 7.0). */
const DEFAULTS = { killTimeoutMs: 1600, listenTimeoutMs: 3000, namespace: "default", instanceVar: "NODE_APP_INSTANCE" };
const BRAKE = { maxRestarts: 16, minUptimeMs: 1000 };
const CRON_MAX = 100;

export interface ParsedRows {
  readonly rows: readonly WorkerRow[];
  /** One reason for each row left out, at most ten; none of them quotes more than an id. */
  readonly skipped: readonly string[];
  readonly skippedCount: number;
}

/**
 * Makes rows of what `getMonitorData` answered, and leaves out each that makes no sense; null when it is no list at all.
 * Everything a worker can put into `pm2_env` is untrusted, and its environment is secret: only the variables in
 * `envNames` get through, and no value ever enters a message.
 */
export function parseRows(list: unknown, envNames: ReadonlySet<string>, readWallMs: number): ParsedRows | null {
  if (!Array.isArray(list) || list.length > ROWS_MAX) return null;
  const rows = new Map<number, WorkerRow>();
  const reasons: string[] = [];
  for (const raw of list as readonly unknown[]) {
    const row = parseRow(raw, envNames, readWallMs);
    if (typeof row === "string") reasons.push(row);
    else if (rows.has(row.pmId)) reasons.push(`pm_id ${row.pmId} is listed twice`);
    else rows.set(row.pmId, row);
  }
  return { rows: [...rows.values()], skipped: reasons.slice(0, 10), skippedCount: reasons.length };
}

/** The row, or why there is none. */
function parseRow(raw: unknown, envNames: ReadonlySet<string>, readWallMs: number): WorkerRow | string {
  if (!isRecord(raw) || !isRecord(raw["pm2_env"])) return "a row without pm2_env";
  const fields = raw["pm2_env"];
  const pmId = wholeOrNull(raw["pm_id"]);
  if (pmId === null) return "a row without a numeric pm_id";
  const name = textOrNull(raw["name"]) ?? textOrNull(fields["name"]);
  if (name === null) return `pm_id ${pmId} has no name`;
  const script = textOrNull(fields["pm_exec_path"]);
  if (script === null) return `pm_id ${pmId} has no script`;
  const cluster = fields["exec_mode"] === "cluster_mode";
  const pid = positiveOrNull(raw["pid"]);
  const isNode = cluster || isNodeInterpreter(fields["exec_interpreter"]);
  return {
    pmId,
    name,
    namespace: textOrNull(fields["namespace"]) ?? DEFAULTS.namespace,
    instance: instanceOf(fields),
    script,
    cwd: textOrNull(fields["pm_cwd"]),
    args: argsOf(fields["args"]),
    interpreter: textOrNull(fields["exec_interpreter"]) ?? "node",
    pid,
    status: STATUSES.find((status) => status === fields["status"]) ?? "unknown",
    mode: cluster ? "cluster" : "fork",
    startedWallMs: positiveOrNull(fields["pm_uptime"]),
    createdWallMs: positiveOrNull(fields["created_at"]),
    restarts: wholeOrNull(fields["restart_time"]) ?? 0,
    exitCode: wholeOrNull(fields["exit_code"]),
    ...limitsOf(fields),
    autorestart: fields["autorestart"] !== false && fields["autorestart"] !== "false",
    ...restartsOf(fields),
    stopExitCodes: exitCodesOf(fields["stop_exit_codes"]),
    maxMemoryRestartBytes: positiveOrNull(fields["max_memory_restart"]),
    configuredInstances: positiveOrNull(fields["instances"]) ?? 1,
    isModule: isModule(fields),
    isNode,
    tellsExceptions: cluster || (isNode && fields["pmx"] !== false && fields["pmx"] !== "false"),
    logs: logsOf(fields),
    memoryBytes: isRecord(raw["monit"]) ? positiveOrNull(raw["monit"]["memory"]) : null,
    report: reportOf(fields, pid),
    ...toldByAgent(fields, pid, readWallMs),
    env: wantedEnv(fields, envNames),
  };
}

export function limitsOf(fields: Fields): StopLimits {
  return {
    killTimeoutMs: positiveOrNull(fields["kill_timeout"]) ?? DEFAULTS.killTimeoutMs,
    listenTimeoutMs: positiveOrNull(fields["listen_timeout"]) ?? DEFAULTS.listenTimeoutMs,
  };
}

function restartsOf(fields: Fields) {
  const cron = textOrNull(fields["cron_restart"]);
  const { watch } = fields;
  return {
    restartDelayMs: wholeOrNull(fields["restart_delay"]) ?? 0,
    maxRestarts: wholeOrNull(fields["max_restarts"]) ?? BRAKE.maxRestarts,
    minUptimeMs: wholeOrNull(fields["min_uptime"]) ?? BRAKE.minUptimeMs,
    expBackoffMs: positiveOrNull(fields["exp_backoff_restart_delay"]),
    cronRestart: cron === null || cron === "0" || cron.length > CRON_MAX ? null : cron,
    watch: watch === true || watch === "true" || (Array.isArray(watch) && watch.length > 0),
  };
}

/** PM2 counts the processes of a name in `NODE_APP_INSTANCE`, or in the variable that `instance_var` names instead. */
function instanceOf(fields: Fields): string {
  const variable = textOrNull(fields["instance_var"]) ?? DEFAULTS.instanceVar;
  const value = Object.hasOwn(fields, variable) ? fields[variable] : undefined;
  return typeof value === "number" ? String(value) : (textOrNull(value) ?? "0");
}

/** A list of texts, or one text; null = no texts, or more and longer ones than anybody starts a worker with. */
function argsOf(value: unknown): readonly string[] | null {
  const args = typeof value === "string" ? [value] : Array.isArray(value) ? (value as readonly unknown[]) : [];
  const texts = args.map((arg) => (typeof arg === "number" ? String(arg) : arg));
  return args.length <= ARGS_MAX && texts.every((arg) => typeof arg === "string" && arg.length <= ARG_MAX) ? (texts as string[]) : null;
}

function exitCodesOf(value: unknown): number[] {
  const codes = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return codes.slice(0, 256).flatMap((code) => wholeOrNull(code) ?? []);
}

function isModule(fields: Fields): boolean {
  const options = fields["axm_options"];
  return fields["pmx_module"] === true || (isRecord(options) && options["isModule"] === true);
}

function isNodeInterpreter(interpreter: unknown): boolean {
  return typeof interpreter === "string" && /(^|[\\/])node(js)?(\.exe)?$/.test(interpreter);
}

/**
 * PM2 lays a worker's variables over its settings, among them one named after the app: an app called "env" has no `env`,
 * but its variables stand among the settings. A value too long is left out, not cut: half a URL is worse than none.
 */
function wantedEnv(fields: Fields, names: ReadonlySet<string>): Record<string, string> {
  const env = isRecord(fields["env"]) ? fields["env"] : fields;
  const wanted = [...names].flatMap((name): [string, string][] => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return [];
    const text = String(value);
    return text.length > ENV_VALUE_MAX ? [] : [[name, text]];
  });
  return Object.fromEntries(wanted);
}
