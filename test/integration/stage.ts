import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePorts } from "../../src/demo/free-ports.ts";
import { startHealer, type HealerProcess, type HealLine } from "../support/healer.ts";
import { startPm2, type AppOptions, type ListedApp, type RealPm2 } from "../support/real-pm2.ts";
import { startStatsServer, type StatsServer } from "../support/stats-server.ts";
import { until } from "../support/until.ts";

/** What one scenario puts on the stage: PM2 apps of its own name, a strategy for them, and a queue where it needs one. */
export interface Part {
  readonly app: string;
  /** Left out: the scenario starts its workers itself, later. */
  readonly workers?: Omit<AppOptions, "name">;
  /** The app's workers report to the stage's queue server, and healer reads its counts, or its list of results. */
  readonly queue?: boolean | "results";
  /** Without name, match and queue, which follow from `app`. Left out: healer does not watch this app. */
  readonly strategy?: Readonly<Record<string, unknown>>;
}

/** One real PM2, one healer, one queue server, for several scenarios at once. */
export interface Stage {
  readonly pm2: RealPm2;
  readonly healer: HealerProcess;
  readonly stats: StatsServer;
  readonly yaml: string;
  /** The app's heal log lines, from `since` (ISO) on. */
  linesOf(app: string, since?: string): readonly HealLine[];
  waitFor(app: string, matches: (line: HealLine) => boolean, deadlineMs: number, since?: string): Promise<HealLine>;
  rows(app: string): Promise<readonly ListedApp[]>;
  /** What a worker reads as FAULT_FILE. */
  faultFile(app: string): FaultFile;
  dispose(): Promise<void>;
}

export interface FaultFile {
  readonly path: string;
  set(): void;
  clear(): void;
}

/** Twenty to sixty times quicker than the built-in knobs. */
export const SHORT_KNOBS = {
  grace_period_seconds: 4,
  window: "5m",
  advanced: {
    sustain_seconds: 2,
    verify: { timeout_seconds: 60 },
    backoff: { base: 2, max: 4 },
    circuit: { cool_down: 10, max: 20 },
    incident: { onset_window: 20, canary_delay: 10, quiet: 10 },
    budget: { tokens: 100, refill_seconds: 1 },
  },
};

const PORTS_A_STAGE = 40;
let nextPort = 21_000 + (process.pid % 200) * 200;

interface StageOptions {
  readonly interval?: string;
  /** As of `startPm2`. */
  readonly workerIntervalMs?: number;
  /** Left out: `SHORT_KNOBS`. */
  readonly knobs?: Readonly<Record<string, unknown>>;
  /** The top of the configuration: `gpu`, `host`. */
  readonly top?: Readonly<Record<string, unknown>>;
}

export async function openStage(parts: readonly Part[], options: StageOptions = {}): Promise<Stage> {
  const stats = await startStatsServer();
  const { workerIntervalMs } = options;
  const pm2 = await startPm2(workerIntervalMs === undefined ? {} : { workerIntervalMs });
  const scratch = join(pm2.home, "scratch");
  mkdirSync(scratch, { recursive: true });
  await startWorkers(parts, { pm2, stats, scratch });
  const yaml = stringify(configuration(parts, stats.url, options));
  const healer = await startHealer({ pm2Home: pm2.home, yaml }).catch(async (error: unknown) => {
    await pm2.dispose();
    await stats.close();
    throw error;
  });
  const isOf = (app: string, { target }: HealLine): boolean => target === app || target.startsWith(`${app}:`) || target === `queue:${app}`;
  const linesOf = (app: string, since = ""): readonly HealLine[] => healer.lines().filter((line) => line.ts >= since && isOf(app, line));
  return {
    ...{ pm2, healer, stats, yaml, linesOf },
    waitFor: (app, matches, deadlineMs, since = "") =>
      healer.waitFor((line) => line.ts >= since && isOf(app, line) && matches(line), { deadlineMs, what: `what ${app} waits for` }),
    rows: async (app) => (await pm2.list()).filter((row) => row.name === app),
    faultFile: (app) => faultFile(faultPath(scratch, app)),
    async dispose() {
      await healer.dispose();
      await pm2.dispose();
      await stats.close();
    },
  };
}

async function startWorkers(
  parts: readonly Part[],
  { pm2, stats, scratch }: { readonly pm2: RealPm2; readonly stats: StatsServer; readonly scratch: string },
): Promise<void> {
  let port = nextPort;
  nextPort += PORTS_A_STAGE;
  for (const { app, workers } of parts) {
    if (workers === undefined) continue;
    const count = workers.instances ?? 1;
    port = (await freePorts(port, count)) ?? 0;
    const env = { PORT: String(port), QUEUE_URL: `${stats.url}/${app}`, FAULT_FILE: faultPath(scratch, app), ...workers.env };
    await pm2.start({ exec_mode: "fork", increment_var: "PORT", ...workers, name: app, env });
    port += count;
  }
}

function configuration(parts: readonly Part[], queueUrl: string, { interval = "1s", knobs = SHORT_KNOBS, top = {} }: StageOptions) {
  const watched = parts.filter(({ strategy }) => strategy !== undefined);
  const queues = parts
    .filter(({ queue }) => queue)
    .map(({ app, queue }) => {
      const results = queue === "results" ? { results: `${queueUrl}/${app}/api/results` } : {};
      return [app, { type: "http", url: `${queueUrl}/${app}/api/stats`, every: "1s", ...results }];
    });
  return {
    version: 1,
    mode: "heal",
    interval,
    defaults: knobs,
    queues: Object.fromEntries(queues) as Record<string, unknown>,
    strategies: watched.map(({ app, queue, strategy }) => ({ name: app, match: { app }, ...(queue ? { queue: app } : {}), ...strategy })),
    api: false,
    ...top,
  };
}

function faultPath(scratch: string, app: string): string {
  return join(scratch, `${app}.fault`);
}

function faultFile(path: string): FaultFile {
  return { path, set: () => void (existsSync(path) || writeFileSync(path, "")), clear: () => rmSync(path, { force: true }) };
}

export function instanceOf(row: ListedApp): number {
  return Number(row.pm2Env["NODE_APP_INSTANCE"] ?? 0);
}

/** Sends a signal to one instance of an app and answers with the process it went to. */
export async function signalWorker(stage: Stage, app: string, signal: NodeJS.Signals, instance = 0): Promise<number> {
  const row = (await stage.rows(app)).find((each) => instanceOf(each) === instance);
  if (row?.pid == null) throw new Error(`${app}:${instance} does not run`);
  process.kill(row.pid, signal);
  return row.pid;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Now, as the heal log writes it. */
export function nowIso(): string {
  return new Date().toISOString();
}

/** Waits until every worker of the app has lived for the grace period and a little more, and healer knows it. */
export async function graceOver(stage: Stage, app: string, graceMs = SHORT_KNOBS.grace_period_seconds * 1000): Promise<void> {
  const rows = await stage.rows(app);
  const youngest = Math.max(...rows.map((row) => row.startedWallMs ?? 0));
  await pause(Math.max(0, youngest + graceMs + 1500 - Date.now()));
  for (const row of rows) await until(() => isPastGrace(stage, `${app}:${instanceOf(row)}`), `the end of the grace of ${app}`, 20_000);
}

async function isPastGrace(stage: Stage, id: string): Promise<boolean> {
  const { json } = await stage.healer.call("GET", `/api/targets/${id}`);
  const { explain } = json as { readonly explain?: { readonly guards: readonly { readonly guard: string; readonly holds: boolean }[] } };
  return explain !== undefined && explain.guards.some(({ guard, holds }) => guard === "grace" && !holds);
}
