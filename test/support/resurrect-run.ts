import { startTaskQueueServer } from "../../src/demo/task-queue-server.ts";
import { startHealer, type HealLine } from "./healer.ts";
import { carriers } from "./process-scan.ts";
import { startPm2 } from "./real-pm2.ts";
import { until } from "./until.ts";

export interface ResurrectRun {
  /** Seconds from `pm2 resurrect` until as many run of each app as may. */
  readonly seconds: number;
  /** Tasks a worker had in hand when it was ended and nobody finished; the queue would have to hand them out again. */
  readonly lost: number;
  readonly done: number;
  readonly lines: readonly HealLine[];
}

const WORKERS = 2;
const APPS = [
  { name: "node-worker", script: "claim-tasks.mjs" },
  { name: "python-worker", script: "claim-tasks.py", interpreter: "python3" },
];

/**
 * `kill -9` of PM2's daemon under workers that outlive it, another daemon, `pm2 resurrect`: two of everything, all of them
 * taking tasks. healer is to leave as many as may be, and to lose no task.
 */
export async function runResurrect({
  standsSeconds,
  drainSeconds,
}: {
  standsSeconds: number;
  drainSeconds: number;
}): Promise<ResurrectRun> {
  const queue = await startTaskQueueServer({ port: 0, tasksPerSecond: 4, leaseMs: 3_600_000 }); // a task that is lost stays lost
  const pm2 = await startPm2();
  const env = { QUEUE_URL: queue.url, WORK_MS: "1500" };
  for (const app of APPS) await pm2.start({ ...app, env, instances: WORKERS, exec_mode: "fork", pmx: false });
  await pm2.save();
  const healer = await startHealer({ pm2Home: pm2.home, yaml: configuration(pm2.home, queue.url, standsSeconds, drainSeconds) });
  try {
    await until(() => queue.stats().completed >= 8, "the first tasks to be done", 30_000);
    await pm2.orphanWorkers();
    await pm2.startDaemon();
    await pm2.resurrect();
    const startedAt = performance.now();
    await until(() => running(pm2.home).length === 2 * WORKERS * APPS.length, "two of everything");
    await until(() => running(pm2.home).length === WORKERS * APPS.length, "as many as may be", (standsSeconds + 60) * 1000);
    const seconds = (performance.now() - startedAt) / 1000;
    const rows = (await pm2.list()).map(({ pid }) => pid);
    if (running(pm2.home).some((pid) => !rows.includes(pid))) throw new Error("one that PM2 does not own is left");
    const { workers, completed } = queue.stats();
    const alive = new Set(running(pm2.home).map(String));
    const lost = Object.entries(workers).filter(([name, { running: tasks }]) => tasks > 0 && !alive.has(name.split("-").at(-1) ?? ""));
    return { seconds, lost: lost.length, done: completed, lines: healer.lines() };
  } finally {
    await healer.dispose();
    for (const pid of running(pm2.home)) process.kill(pid, "SIGKILL");
    await pm2.dispose();
    await queue.close();
  }
}

function configuration(home: string, url: string, standsSeconds: number, drainSeconds: number): string {
  const strategies = APPS.map(
    ({ name }) =>
      `  - {name: ${name}, match: {app: ${name}}, max_workers: ${WORKERS}, trim_outside: orphans, drain: ${drainSeconds}, advanced: {trim_after_seconds: ${standsSeconds}}}`,
  );
  return `version: 1\nmode: heal\npm2_home: ${home}\ndefaults: {grace_period_seconds: 1}\nqueues: {tasks: {type: http, url: "${url}/api/stats"}}\nstrategies:\n${strategies.join("\n")}\napi: false\n`;
}

/** Workers by their command line, whoever owns them. */
function running(home: string): readonly number[] {
  return carriers(`PM2_HOME=${home}`).flatMap(({ pid, command }) => (/claim-tasks\.(mjs|py)/.test(command) ? [pid] : []));
}
