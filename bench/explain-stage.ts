import { join } from "node:path";
import { stringify } from "yaml";
import { freePorts } from "../src/demo/free-ports.ts";
import { startHealer, type HealerProcess } from "../test/support/healer.ts";
import { startPm2, type RealPm2 } from "../test/support/real-pm2.ts";
import { startStatsServer, type StatsServer } from "../test/support/stats-server.ts";

// The apps of bench/explain-states.ts, one for each kind of state it is brought into, their PM2 and their healer.

export const KNOBS = {
  grace_period_seconds: 8,
  window: "5m",
  consecutive_failures_threshold: 2,
  advanced: {
    sustain_seconds: 6,
    verify: { timeout_seconds: 60 },
    backoff: { base: 8, max: 16 },
    circuit: { cool_down: 25, max: 60 },
    incident: { onset_window: 20, canary_delay: 10, quiet: 10 },
    budget: { tokens: 100, refill_seconds: 1 },
  },
};

const PROBE = { rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "1s", timeout: "500ms", failures: "2 of 3" };
const NOBODY = "http://127.0.0.1:9/";
const REFUSED = { rule: "http-probe", url: NOBODY, every: "1s", timeout: "500ms", failures: "2 of 3", startup: 0 };

/** Daily, and open at this hour: whenever this runs. */
const OPEN_NOW = { cron: `0 ${new Date().getUTCHours()} * * *`, for: "3h", tz: "UTC" };

interface App {
  readonly name: string;
  readonly script: string;
  readonly instances?: number;
  readonly kill_timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly queue?: boolean;
  readonly strategy: Readonly<Record<string, unknown>>;
}

const TASKS = { script: "task-worker.mjs", instances: 3, env: { TASK_EVERY_MS: "400" }, queue: true } as const;

const APPS: readonly App[] = [
  { ...TASKS, name: "mailer", strategy: {} },
  { ...TASKS, name: "resizer", instances: 1, strategy: { grace_period_seconds: 45 } },
  { ...TASKS, name: "indexer", strategy: {} },
  { ...TASKS, name: "blind", instances: 1, strategy: {} },
  { name: "web", script: "http-health.mjs", strategy: { rules: [{ ...PROBE, startup: 0 }] } },
  { name: "paused", script: "http-health.mjs", strategy: { rules: [PROBE] } },
  { name: "observed", script: "http-health.mjs", strategy: { mode: "observe", rules: [PROBE] } },
  { name: "fleet", script: "http-health.mjs", instances: 4, strategy: { rules: [PROBE] } },
  { name: "stubborn", script: "ignore-sigterm.mjs", kill_timeout: 6000, strategy: { rules: [REFUSED], actions: ["restart"] } },
  { name: "crasher", script: "crash-on-file.mjs", strategy: {} },
  { name: "stopped", script: "idle.mjs", strategy: {} },
  {
    name: "copies",
    script: "ignore-sigterm.mjs",
    kill_timeout: 3000,
    strategy: { max_workers: 1, advanced: { trim_after_seconds: 15 } },
  },
  { name: "swapped", script: "idle.mjs", strategy: { rules: [REFUSED], actions: ["replace"] } },
  { name: "nightly", script: "http-health.mjs", strategy: { rules: [PROBE], maintenance: [OPEN_NOW] } },
  { name: "newcomer", script: "http-health.mjs", strategy: { rules: [PROBE], shadow_for: "1h" } },
  { name: "caller", script: "http-health.mjs", strategy: { rules: [PROBE], dependency_probe: { url: NOBODY, every: "1s" } } },
  { name: "flapper", script: "http-health.mjs", strategy: { rules: [PROBE], max_heals_per_hour: 1 } },
  { name: "shop", script: "http-health.mjs", instances: 3, strategy: { rules: [PROBE] } },
  { ...TASKS, name: "converter", instances: 1, strategy: { drain: "1m" } },
];

export interface Stage {
  readonly pm2: RealPm2;
  readonly stats: StatsServer;
  readonly healer: HealerProcess;
  readonly file: (app: string) => string;
}

export function configuration({ stats }: Pick<Stage, "stats">, defaults: unknown = KNOBS): string {
  const queues = APPS.filter(({ queue }) => queue).map(({ name }) => [
    name,
    { type: "http", url: `${stats.url}/${name}/api/stats`, every: "1s" },
  ]);
  const strategies = APPS.map(({ name, queue, strategy }) => ({
    name,
    match: { app: name },
    ...(queue ? { queue: name } : {}),
    ...strategy,
  }));
  return stringify({
    version: 1,
    mode: "heal",
    interval: "1s",
    defaults,
    queues: Object.fromEntries(queues) as Record<string, unknown>,
    strategies,
    api: false,
  });
}

export async function openStage(): Promise<Stage> {
  const [pm2, stats] = [await startPm2(), await startStatsServer()];
  const file = (app: string): string => join(pm2.home, `${app}.fault`);
  stats.behave("indexer", "totals");
  stats.behave("converter", "busy");
  let port = 23_000 + (process.pid % 100) * 40;
  for (const { name, script, instances, kill_timeout = 1600, env = {} } of APPS) {
    const rows = instances === undefined ? {} : { instances, increment_var: "PORT" };
    port = (await freePorts(port, instances ?? 1)) ?? port;
    const places = {
      PORT: String(port),
      QUEUE_URL: `${stats.url}/${name}`,
      FAULT_FILE: file(name),
      HEALTH_FILE: file(name),
      CRASH_FILE: file(name),
    };
    await pm2.start({ name, script, kill_timeout, exec_mode: "fork", env: { ...places, ...env }, ...rows });
    port += instances ?? 1;
  }
  const healer = await startHealer({ pm2Home: pm2.home, yaml: configuration({ stats }) });
  return { pm2, stats, healer, file };
}
