import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WorkerRow } from "../../../src/core/worker-row.ts";
import { parseRows } from "../../../src/world/pm2/parse-rows.ts";

const NOW_MS = 1_700_000_000_000;

function raw(pm2Env: Record<string, unknown> = {}, row: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    pid: 77,
    name: "app",
    pm_id: 3,
    pm2_env: { pm_exec_path: "/srv/app.mjs", exec_mode: "fork_mode", status: "online", ...pm2Env },
    ...row,
  };
}

function only(list: unknown, ...envNames: string[]): WorkerRow {
  const row = parseRows(list, new Set(envNames), NOW_MS)?.rows[0];
  if (row === undefined) throw new Error("no row");
  return row;
}

describe("rows of PM2's list", () => {
  it.each<[string, Record<string, unknown>, Partial<WorkerRow>]>([
    [
      "PM2's defaults where nothing is said",
      {},
      { killTimeoutMs: 1600, listenTimeoutMs: 3000, namespace: "default", instance: "0", autorestart: true, restartDelayMs: 0 },
    ],
    ["numbers given as text", { kill_timeout: "4000", restart_delay: "250" }, { killTimeoutMs: 4000, restartDelayMs: 250 }],
    [
      "numbers that are none",
      { kill_timeout: "soon", restart_time: -1, instances: "max" },
      { killTimeoutMs: 1600, restarts: 0, configuredInstances: 1 },
    ],
    [
      "PM2's brake on crashes, and what else makes it restart, where nothing is said",
      {},
      { maxRestarts: 16, minUptimeMs: 1000, expBackoffMs: null, cronRestart: null, watch: false },
    ],
    [
      "the brake and the reasons as they are said",
      { max_restarts: 0, min_uptime: "5000", exp_backoff_restart_delay: 100, cron_restart: "0 4 * * *", watch: ["src"] },
      { maxRestarts: 0, minUptimeMs: 5000, expBackoffMs: 100, cronRestart: "0 4 * * *", watch: true },
    ],
    [
      "brake and reasons that are none",
      { max_restarts: -1, min_uptime: {}, exp_backoff_restart_delay: 0, cron_restart: "0", watch: [] },
      { maxRestarts: 16, minUptimeMs: 1000, expBackoffMs: null, cronRestart: null, watch: false },
    ],
    ["a cron pattern beyond what anybody writes", { cron_restart: `* * * * ${"1,".repeat(100)}1` }, { cronRestart: null }],
    ["a renamed instance variable", { instance_var: "INST", INST: 4 }, { instance: "4" }],
    ["an instance variable that names no own field", { instance_var: "constructor" }, { instance: "0" }],
    ["one stop exit code or several", { stop_exit_codes: [0, "143", null] }, { stopExitCodes: [0, 143] }],
    ["a status of the future", { status: "hibernating" }, { status: "unknown" }],
    ["waiting restart with its blank", { status: "waiting restart" }, { status: "waiting restart" }],
    ["created_at that PM2 set to null", { created_at: null, pm_uptime: 5 }, { createdWallMs: null, startedWallMs: 5 }],
    ["a module by its own options", { axm_options: { isModule: true } }, { isModule: true }],
    ["an interpreter other than Node", { exec_interpreter: "python3" }, { isNode: false }],
    ["Node by its path", { exec_interpreter: "/opt/node-v22/bin/node" }, { isNode: true }],
    ["a cluster worker is Node", { exec_mode: "cluster_mode", exec_interpreter: "none" }, { isNode: true, mode: "cluster" }],
    ["a Node worker that PM2's agent speaks for", { exec_interpreter: "node" }, { tellsExceptions: true }],
    ["a fork worker without the agent", { exec_interpreter: "node", pmx: "false" }, { tellsExceptions: false }],
    ["a cluster worker without the agent", { exec_mode: "cluster_mode", pmx: false }, { tellsExceptions: true }],
    ["another program, which no agent speaks for", { exec_interpreter: "python3", pmx: true }, { tellsExceptions: false }],
    ["log files", { pm_out_log_path: "/l/o.log", pm_err_log_path: "/l/e.log" }, { logs: { out: "/l/o.log", err: "/l/e.log" } }],
    ["log files that are none", { pm_out_log_path: "/dev/null", pm_err_log_path: "NULL" }, { logs: { out: null, err: null } }],
    ["log files nobody can find", { pm_out_log_path: "logs/o.log", pm_err_log_path: 7 }, { logs: { out: null, err: null } }],
    ["logs switched off", { disable_logs: true, pm_out_log_path: "/l/o.log" }, { logs: { out: null, err: null } }],
  ])("understands %s", (_what, pm2Env, expected) => {
    expect(only([raw(pm2Env)])).toMatchObject(expected);
  });

  it("takes PM2's zeros for what they mean: no process, memory unknown", () => {
    expect(only([raw({}, { pid: 0, monit: { memory: 0, cpu: 0 } })])).toMatchObject({ pid: null, memoryBytes: null });
  });

  it("gives wanted variables as text, leaves out what is too long or no text", () => {
    const env = { PORT: 8080, LONG: "x".repeat(5000), OBJECT: {}, SECRET: "hush" };
    expect(only([raw({ env })], "PORT", "LONG", "OBJECT").env).toEqual({ PORT: "8080" });
  });

  it("finds the variables of an app named env, whose name hides them from where they belong", () => {
    expect(only([raw({ env: "{}", PORT: "1" })], "PORT").env).toEqual({ PORT: "1" });
  });

  const said = { value: "7 ok", v: 1, pid: 77, ok: 7, failed: 1, beats: 3, loopDelayMs: 2.5 };
  const reported = { ok: 7, failed: 1, beats: 3, loopDelayMs: 2.5, isClosed: false };

  it.each<[string, unknown, WorkerRow["report"]]>([
    ["a whole one", said, reported],
    ["one with more in it than this version knows", { ...said, taskMs: 9, ["__proto__x"]: {} }, reported],
    ["one without a delay", { ...said, loopDelayMs: undefined }, { ...reported, loopDelayMs: null }],
    ["the last one of a worker that closes", { ...said, closed: true }, { ...reported, isClosed: true }],
    ["a closed that is no yes", { ...said, closed: "yes" }, reported],
    ["nothing", undefined, null],
    ["text", "7 ok", null],
    ["a list", [said], null],
    ["null", null, null],
    ["another process's", { ...said, pid: 78 }, null],
    ["nobody's", { ...said, pid: undefined }, null],
    ["a version of the future", { ...said, v: 2 }, null],
    ["a count as text", { ...said, ok: "7" }, null],
    ["a negative count", { ...said, failed: -1 }, null],
    ["half a task", { ...said, ok: 1.5 }, null],
    ["a count beyond all counting", { ...said, beats: 1e13 }, null],
    ["no number", { ...said, ok: Number.NaN }, null],
    ["a count that is missing", { ...said, beats: undefined }, null],
    ["a delay that is none", { ...said, loopDelayMs: -1 }, { ...reported, loopDelayMs: null }],
    ["a delay of days", { ...said, loopDelayMs: 1e12 }, { ...reported, loopDelayMs: null }],
  ])("takes a worker's report as a whole or not at all: %s", (_what, healer, expected) => {
    expect(only([raw({ axm_monitor: { healer, "Heap Size": { value: "9" } } })]).report).toEqual(expected);
  });

  it.each([undefined, null, [], "x", 5, { other: said }, Object.create({ healer: said })])(
    "finds no report in metrics that are %j, nor in a row without a process",
    (metrics) => {
      expect(only([raw({ axm_monitor: metrics })]).report).toBeNull();
      expect(only([raw({ axm_monitor: { healer: said } }, { pid: 0 })]).report).toBeNull();
    },
  );

  const told = {
    "Used Heap Size": { historic: true, unit: "MiB", type: "internal/v8/heap/used", value: "480.12" },
    "Heap Size": { unit: "MiB", value: "512" },
    "Heap Usage": { unit: "%", value: 94 },
    "Event Loop Latency": { unit: "ms", value: "0.59" },
    "Event Loop Latency p95": { unit: "ms", value: "1.58" },
    "Active handles": { value: 12 },
    "Active requests": { value: 0 },
    orders: { unit: "MiB", value: "7" },
  };
  const vitals = {
    readWallMs: NOW_MS,
    heapUsedMib: 480.12,
    heapTotalMib: 512,
    loopLatencyMs: 0.59,
    loopLatencyP95Ms: 1.58,
    handles: 12,
    requests: 0,
  };
  const upFor = (ms: number, metrics: unknown) => raw({ pm_uptime: NOW_MS - ms, axm_monitor: metrics });

  it.each<[string, Record<string, unknown>, Partial<WorkerRow["vitals"] & {}>]>([
    ["whole", {}, {}],
    ["in another unit", { "Used Heap Size": { unit: "KB", value: "480" } }, { heapUsedMib: null }],
    ["with a unit where none belongs", { "Active handles": { unit: "hush", value: 12 } }, { handles: null }],
    ["that is text", { "Event Loop Latency": { unit: "ms", value: "hush" } }, { loopLatencyMs: null }],
    ["that is long text", { "Event Loop Latency": { unit: "ms", value: "1".padStart(25, "0") } }, { loopLatencyMs: null }],
    ["that is empty text", { "Heap Size": { unit: "MiB", value: "" } }, { heapTotalMib: null }],
    ["below nothing", { "Heap Size": { unit: "MiB", value: "-1" } }, { heapTotalMib: null }],
    ["without end", { "Heap Size": { unit: "MiB", value: "Infinity" } }, { heapTotalMib: null }],
    ["that is no metric", { "Active requests": 7 }, { requests: null }],
    ["that is a list", { "Active requests": { value: [7] } }, { requests: null }],
  ])("takes each figure of PM2's agent by itself: one %s", (_what, change, expected) => {
    expect(only([upFor(5_000, { ...told, ...change })]).vitals).toEqual({ ...vitals, ...expected });
  });

  it("takes no figure that may be of the process before, of none, or of no clock, nor where nothing is told", () => {
    expect(only([upFor(4_999, told)]).vitals).toBeNull();
    expect(only([upFor(-60_000, told)]).vitals).toBeNull();
    expect(only([raw({ axm_monitor: told })]).vitals).toBeNull();
    expect(only([{ ...upFor(60_000, told), pid: 0 }]).vitals).toBeNull();
    for (const metrics of [undefined, null, [], "x", 5, {}, { orders: told.orders }, { "Heap Size": told["Heap Size"] }])
      expect(only([upFor(60_000, metrics)]).vitals).toBeNull();
  });

  it("tells by text whether the agent has told something since, from the first second on", () => {
    const figuresOf = (metrics: unknown, ms = 1000) => only([upFor(ms, metrics)]).agentFigures;
    expect(figuresOf(told)).toBe("480.12 512 0.59 1.58 12 0");
    expect(figuresOf(told, 60_000)).toBe(figuresOf(told));
    expect(figuresOf({ ...told, "Event Loop Latency": { unit: "ms", value: "0.60" } })).not.toBe(figuresOf(told));
    expect(figuresOf({ ...told, orders: { value: "8" } })).toBe(figuresOf(told));
    expect(figuresOf({})).toBeNull();
    expect(only([{ ...upFor(1000, told), pid: 0 }]).agentFigures).toBeNull();
  });

  it("leaves out rows that make no sense, counts them, and keeps the others", () => {
    const list = [null, 7, raw({}, { pm_id: "_old_0" }), raw({}, { name: 5 }), raw({ pm_exec_path: 1 }), raw(), raw(), { pm_id: 1 }];
    expect(parseRows(list, new Set(), NOW_MS)).toMatchObject({ rows: [{ pmId: 3 }], skippedCount: 7 });
  });

  it.each([null, undefined, {}, "list", 5, { length: 1 }])("says that %j is no list", (list) => {
    expect(parseRows(list, new Set(), NOW_MS)).toBeNull();
  });

  it("never throws, and lets no unwanted text out, whatever a worker put into its row", () => {
    const fields = [
      "env",
      "namespace",
      "status",
      "instance_var",
      "kill_timeout",
      "axm_options",
      "stop_exit_codes",
      "pm_uptime",
      "monit",
      "exec_interpreter",
      "axm_monitor",
    ];
    const anything = fc.oneof(fc.jsonValue(), fc.constant({ SECRET: "hush", nested: { SECRET: "hush" } }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields), anything), anything, (pm2Env, extra) => {
        const parsed = parseRows([raw({ SECRET: "hush", ...pm2Env }), extra, raw({}, { pm_id: extra })], new Set(["PORT"]), NOW_MS);
        const text = JSON.stringify(parsed);
        expect(text).not.toContain("SECRET");
        expect(text).not.toContain("hush");
      }),
    );
  });
});
