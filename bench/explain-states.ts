// What does `healer explain` show in each state of the machine? One real PM2 and one healer with short knobs are brought into as many
// states as possible; in each, what the command prints on a screen of 80 columns with colour is kept as docs/images/explain-STATE.svg.
// Run: npm run -s build && npx tsx bench/explain-states.ts [STATE…] (about three minutes). Exit status 1 when a state was not seen.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { explainPage } from "../src/cli/explain-page.ts";
import type { Explanation } from "../src/core/explain.ts";
import { freePorts } from "../src/demo/free-ports.ts";
import { startHealer, type HealerProcess } from "../test/support/healer.ts";
import { startPm2, type RealPm2 } from "../test/support/real-pm2.ts";
import { startStatsServer, type StatsServer } from "../test/support/stats-server.ts";
import { ansiSvg } from "./ansi-svg.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const IMAGES = fileURLToPath(new URL("../docs/images/", import.meta.url));
const LOOK_AGAIN_MS = 20;
const STATE_MS = 90_000;
const WARM_MS = 12_000; // the grace period, a good answer of everybody, and ten tasks

const KNOBS = {
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
const REFUSED = { rule: "http-probe", url: "http://127.0.0.1:9/", every: "1s", timeout: "500ms", failures: "2 of 3", startup: 0 };

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
    strategy: { max_workers: 1, advanced: { trim_after_seconds: 12 } },
  },
];

interface Stage {
  readonly pm2: RealPm2;
  readonly stats: StatsServer;
  readonly healer: HealerProcess;
  readonly file: (app: string) => string;
}

interface Shot {
  readonly state: string;
  readonly target: string;
  /** Done before it is waited for; shots of one target come in this order. */
  readonly first?: (stage: Stage) => unknown;
  readonly when: (explanation: Explanation) => boolean;
}

const holds = (explanation: Explanation, guard: string): boolean =>
  explanation.guards.find(({ holds: doesHold }) => doesHold)?.guard === guard && explanation.rules.some(({ sustained }) => sustained);
const rate = ({ rules }: Explanation): Explanation["rules"][number] | undefined => rules.find(({ rule }) => rule === "success-rate");
const fail = (app: string, word: string) => (stage: Stage) => writeFileSync(stage.file(app), word);
const isIn =
  (words: RegExp) =>
  (explanation: Explanation): boolean =>
    words.test(explanation.state);

const SHOTS: readonly Shot[] = [
  { state: "healthy", target: "mailer:0", when: (it) => it.state === "healthy" && rate(it)?.state === "fine" },
  { state: "not-proven", target: "mailer:0", first: fail("mailer", "0"), when: (it) => rate(it)?.state === "elevated" },
  {
    state: "not-sustained",
    target: "mailer:0",
    when: (it) => rate(it)?.state === "sick" && rate(it)?.sustained === false,
  },
  { state: "intent", target: "mailer:0", when: isIn(/writing the intent/) },
  { state: "verifying", target: "mailer:0", when: (it) => /watching whether/.test(it.state) && Number(rate(it)?.n) > 3 },
  { state: "grace", target: "resizer:0", first: restartThenFail, when: (explanation) => holds(explanation, "grace") },
  { state: "settling", target: "crasher:0", first: (stage) => stage.pm2.restart("crasher"), when: isIn(/restarted by somebody else/) },
  { state: "held", target: "crasher:0", first: crash, when: isIn(/stopped after a crash loop/) },
  { state: "open-stopped", target: "crasher:0", when: isIn(/circuit open .*stopped/) },
  { state: "acting", target: "stubborn:0", when: isIn(/restart under way/) },
  { state: "backoff", target: "web:0", first: fail("web", "fail"), when: isIn(/next attempt/) },
  { state: "open", target: "web:0", when: isIn(/circuit open/) },
  {
    state: "trial",
    target: "web:0",
    when: ({ state, last_heal: last, guards }) => /watching whether/.test(state) && last !== null && guards.length > 0,
  },
  { state: "paused", target: "paused:0", first: pauseIt, when: (explanation) => holds(explanation, "paused") },
  { state: "observe", target: "observed:0", first: fail("observed", "fail"), when: (explanation) => holds(explanation, "observe") },
  { state: "incident-waiting", target: "fleet:2", first: signalFleet, when: (explanation) => holds(explanation, "incident") },
  {
    state: "incident-canary",
    target: "fleet:2",
    when: ({ incident, decision }) => decision === "hold" && /being healed first/.test(incident ?? ""),
  },
  {
    state: "incident-generalise",
    target: "fleet:3",
    when: ({ incident, decision }) => decision === "hold" && /so the others are healed too/.test(incident ?? ""),
  },
  { state: "group-rolling", target: "indexer", first: totalsThenFail, when: isIn(/1 done, .* to go/) },
  {
    state: "blind",
    target: "blind:0",
    first: (stage) => stage.stats.behave("blind", "status-500"),
    when: (it) => (rate(it)?.text ?? "").includes("unknown: "),
  },
  {
    state: "stopped",
    target: "stopped:0",
    first: (stage) => stage.pm2.stop("stopped"),
    when: ({ guards }) => guards.some(({ guard, holds: h }) => guard === "status" && h),
  },
  { state: "trimming", target: "copies", first: (stage) => stage.pm2.scale("copies", 4), when: isIn(/trim under way|trimming/) },
];

/** These change what all the others see, so they come when the others are done. */
const LAST: readonly Shot[] = [
  { state: "budget", target: "web:0", first: spendBudget, when: (explanation) => holds(explanation, "budget") },
  {
    state: "pm2-lost",
    target: "web:0",
    first: (stage) => stage.pm2.killDaemon(),
    when: ({ guards }) => guards.some(({ guard, holds: h }) => guard === "pm2" && h),
  },
];

async function restartThenFail(stage: Stage): Promise<void> {
  writeFileSync(stage.file("resizer"), "");
  await stage.pm2.restart("resizer");
}

async function crash(stage: Stage): Promise<void> {
  writeFileSync(stage.file("crasher"), "");
  const row = (await stage.pm2.list()).find(({ name }) => name === "crasher");
  if (row?.pid != null) process.kill(row.pid, "SIGUSR2");
}

async function pauseIt(stage: Stage): Promise<void> {
  await stage.healer.call("POST", "/api/targets/paused%3A0/pause", { for_ms: 3_600_000, reason: "moving the database" });
  writeFileSync(stage.file("paused"), "fail");
}

/** fleet:1 first, so that it is the canary. */
async function signalFleet({ pm2 }: Stage): Promise<void> {
  const rows = (await pm2.list()).filter(({ name }) => name === "fleet");
  const first = rows.find(({ pm2Env }) => Number(pm2Env["NODE_APP_INSTANCE"]) === 1);
  if (first?.pid != null) process.kill(first.pid, "SIGUSR2");
  await pause(1500);
  for (const { pid } of rows.filter((row) => row !== first)) if (pid !== null) process.kill(pid, "SIGUSR2");
}

async function totalsThenFail(stage: Stage): Promise<void> {
  writeFileSync(stage.file("indexer"), "");
}

async function spendBudget(stage: Stage): Promise<void> {
  const budget = { tokens: 1, refill_seconds: 600 };
  stage.healer.configure(configuration(stage, { ...KNOBS, advanced: { ...KNOBS.advanced, budget } }));
  writeFileSync(stage.file("web"), "ok");
  await stage.healer.call("POST", "/api/targets/web%3A0/reset");
  await pause(15_000);
  await stage.healer.call("POST", "/api/targets/fleet%3A0/heal");
  writeFileSync(stage.file("web"), "fail");
}

function configuration({ stats }: Pick<Stage, "stats">, defaults: unknown = KNOBS): string {
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

async function open(): Promise<Stage> {
  const [pm2, stats] = [await startPm2(), await startStatsServer()];
  const file = (app: string): string => join(pm2.home, `${app}.fault`);
  stats.behave("indexer", "totals");
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

async function take(stage: Stage, shots: readonly Shot[]): Promise<readonly string[]> {
  const targets = [...new Set(shots.map(({ target }) => target))];
  const missed = await Promise.all(
    targets.map((target) =>
      takeOf(
        stage,
        shots.filter((shot) => shot.target === target),
      ),
    ),
  );
  return missed.flat();
}

/** The shots of one target, one after another; answers with those that did not come. */
async function takeOf(stage: Stage, shots: readonly Shot[]): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const shot of shots) {
    await shot.first?.(stage);
    const untilMs = performance.now() + STATE_MS;
    while (!(await isTaken(stage, shot)) && performance.now() < untilMs) await pause(LOOK_AGAIN_MS);
    if (performance.now() >= untilMs) missed.push(shot.state);
  }
  return missed;
}

async function isTaken({ healer }: Stage, { state, target, when }: Shot): Promise<boolean> {
  const { status, json } = await healer.call("GET", `/api/targets/${encodeURIComponent(target)}`);
  const explanation = (json as { explain: Explanation }).explain;
  if (status !== 200 || !when(explanation)) return false;
  // Of this very answer, as the command prints it: a second question might find the state gone.
  const page = explainPage(explanation, { columns: 80, colour: true }, Date.now()).replaceAll(ROOT, ".");
  writeFileSync(join(IMAGES, `explain-${state}.svg`), ansiSvg(page, `$ healer explain ${target}`));
  console.log(`\n──── ${state}\n${page}`);
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const wanted = process.argv.slice(2);
const chosen = (shots: readonly Shot[]): readonly Shot[] => shots.filter(({ state }) => wanted.length === 0 || wanted.includes(state));
mkdirSync(IMAGES, { recursive: true });
const stage = await open();
try {
  await pause(WARM_MS);
  const missed = [...(await take(stage, chosen(SHOTS))), ...(await takeOf(stage, chosen(LAST)))];
  if (missed.length > 0) console.log(`not seen: ${missed.join(", ")}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  await stage.healer.dispose();
  await stage.pm2.dispose();
  await stage.stats.close();
}
