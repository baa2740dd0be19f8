// How long does a worker that fails 80 % of its tasks go unhealed, with the built-in knobs and /health fine all the while? Five fleets of
// three workers at 10 tasks a minute each, five at 1 a second, one that publishes totals only; one real PM2, one healer.
// Run: npx tsx bench/time-to-heal.ts (about 13 minutes). Exit status 1 when a goal is missed.
import { freePorts } from "../src/demo/free-ports.ts";
import { startHealer, type HealerProcess, type HealLine } from "../test/support/healer.ts";
import { startPm2, type RealPm2 } from "../test/support/real-pm2.ts";
import { startStatsServer, type StatsServer } from "../test/support/stats-server.ts";

const HEALTHY_FIRST_MS = 210_000; // grace is 180 s; then half a minute more
const PATIENCE_MS = 1_200_000;
const WORKERS = 3;

interface Fleet {
  readonly name: string;
  readonly taskEveryMs: number;
  readonly totals: boolean;
  /** Instances that fall ill. */
  readonly ill: readonly number[];
}

const FLEETS: readonly Fleet[] = [
  ...[0, 1, 2, 3, 4].map((n) => ({ name: `min${n}`, taskEveryMs: 6000, totals: false, ill: [n % WORKERS] })),
  ...[0, 1, 2, 3, 4].map((n) => ({ name: `sec${n}`, taskEveryMs: 1000, totals: false, ill: [n % WORKERS] })),
  { name: "totals", taskEveryMs: 1000, totals: true, ill: [0, 1, 2] },
];

const stats = await startStatsServer();
const pm2 = await startPm2();
let healer: HealerProcess | null = null;
try {
  await startFleets(pm2, stats);
  healer = await startHealer({ pm2Home: pm2.home, yaml: configuration(pm2, stats) });
  await pause(HEALTHY_FIRST_MS);
  const before = await pm2.list();
  const onsetWallMs = Date.now();
  for (const { name, ill } of FLEETS)
    for (const row of before.filter((each) => each.name === name && ill.includes(Number(each.pm2Env["NODE_APP_INSTANCE"]))))
      process.kill(row.pid ?? 0, "SIGUSR2");
  const verdicts = await Promise.all(FLEETS.map((fleet) => verdictOf(healer!, fleet)));
  const report = FLEETS.map((fleet, index) =>
    measure(fleet, { onsetWallMs, verdict: verdicts[index] ?? null, lines: healer!.lines(), stats }),
  );
  for (const each of report) console.log(JSON.stringify(each));
  console.log(
    report.map(({ fleet }) => fleet).includes("totals") ? `restarts of workers that were fine: ${await restartsOfOthers(pm2)}` : "",
  );
  const [perMinute, perSecond] = [median(report, "min", "tasks"), median(report, "sec", "seconds")];
  console.log(`10/min: median ${perMinute} tasks of the failing phase (goal: at most 60); ${median(report, "min", "seconds")} s`);
  console.log(`1/s: median ${perSecond} s (goal: at most 120); ${median(report, "sec", "tasks")} tasks`);
  process.exitCode = perMinute <= 60 && perSecond <= 120 && verdicts.every((verdict) => verdict?.["verdict"] === "recovered") ? 0 : 1;
  console.log(
    healer
      .lines()
      .map((line) => `${line.ts} ${line.event} ${line.target} ${line.heal_id ?? ""} ${line.reason}`)
      .join("\n"),
  );
} finally {
  await healer?.dispose();
  await pm2.dispose();
  await stats.close();
}

async function startFleets(daemon: RealPm2, queue: StatsServer): Promise<void> {
  let port = 20_000;
  for (const { name, taskEveryMs, totals } of FLEETS) {
    port = (await freePorts(port, WORKERS)) ?? 0;
    if (totals) queue.behave(name, "totals");
    const env = { PORT: String(port), QUEUE_URL: `${queue.url}/${name}`, TASK_EVERY_MS: String(taskEveryMs) };
    await daemon.start({ name, script: "task-worker.mjs", instances: WORKERS, exec_mode: "fork", increment_var: "PORT", env });
    port += WORKERS;
  }
}

function configuration(daemon: RealPm2, queue: StatsServer): string {
  const names = FLEETS.map(({ name }) => name);
  return `version: 1
mode: heal
pm2_home: ${daemon.home}
defaults: {advanced: {budget: {tokens: 100}}}
queues:
${names.map((name) => `  ${name}: {type: http, url: "${queue.url}/${name}/api/stats"}`).join("\n")}
strategies:
${names.map((name) => `  - {name: ${name}, match: {app: ${name}}, queue: ${name}, rules: [{rule: http-probe, url: "http://127.0.0.1:{env.PORT}/health"}]}`).join("\n")}
api: false
`;
}

function verdictOf(daemon: HealerProcess, { name }: Fleet): Promise<HealLine | null> {
  return daemon
    .waitFor((line) => line.event === "heal_verdict" && isOf(name, line), { deadlineMs: PATIENCE_MS, what: `the verdict about ${name}` })
    .catch(() => null);
}

function isOf(fleet: string, { target }: HealLine): boolean {
  return target === fleet || target.startsWith(`${fleet}:`);
}

function measure(fleet: Fleet, seen: { onsetWallMs: number; verdict: HealLine | null; lines: readonly HealLine[]; stats: StatsServer }) {
  const own = seen.lines.filter((line) => isOf(fleet.name, line));
  const action = own.find((line) => line.event === "heal_action");
  const actedWallMs = action === undefined ? Number.NaN : Date.parse(action.ts);
  const ill = new Set(fleet.ill.map((instance) => `${fleet.name}-${instance}`));
  const tasks = seen.stats
    .outcomes(fleet.name)
    .filter(({ worker, wallMs }) => ill.has(worker) && wallMs >= seen.onsetWallMs && wallMs <= actedWallMs).length;
  return {
    fleet: fleet.name,
    tasks,
    seconds: Math.round((actedWallMs - seen.onsetWallMs) / 1000),
    target: action?.target,
    healIds: new Set(own.flatMap((line) => line.heal_id ?? [])).size,
    verdict: seen.verdict?.["verdict"],
    recoverMs: seen.verdict?.["time_to_recover_ms"],
  };
}

async function restartsOfOthers(daemon: RealPm2): Promise<number> {
  const fine = (await daemon.list()).filter((row) => {
    const fleet = FLEETS.find(({ name }) => name === row.name);
    return fleet !== undefined && !fleet.ill.includes(Number(row.pm2Env["NODE_APP_INSTANCE"]));
  });
  return fine.reduce((sum, row) => sum + row.restarts, 0);
}

function median(report: readonly ReturnType<typeof measure>[], kind: string, figure: "tasks" | "seconds"): number {
  const figures = report.filter(({ fleet }) => fleet.startsWith(kind)).map((each) => each[figure]);
  return figures.toSorted((one, other) => one - other)[2] ?? Number.NaN;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
