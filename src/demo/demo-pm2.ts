import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { openProcesses } from "../world/processes/open-processes.ts";
import type { ProcessIdentity } from "../world/processes/processes.ts";
import { WORKERS, type DemoPlace } from "./demo-place.ts";

/** A real PM2 daemon with the demo's apps. PM2's code runs in processes of its own, never in this one. */
export interface DemoPm2 {
  /** Ends the daemon and everything below it; answers with what would not end. */
  end(): Promise<readonly number[]>;
}

const COMMAND_MS = 60_000;
const TASKS_PER_SECOND = 8; // three workers at 300 ms do ten a second, so nobody idles for long and nothing piles up
const GONE_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/** The script of the `pm2` command: the optional dependency, or the one on the PATH. Null = there is none. */
export function findPm2(env: Readonly<Record<string, string | undefined>> = process.env): string | null {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("pm2/package.json")), "bin", "pm2");
  } catch {
    const onPath = (env["PATH"] ?? "").split(delimiter).map((dir) => join(dir, "pm2"));
    const found = onPath.find((path) => existsSync(path));
    return found === undefined ? null : realpathSync(found);
  }
}

export async function startDemoPm2(script: string, place: DemoPlace): Promise<Outcome<DemoPm2, string>> {
  const appsFile = join(place.dir, "apps.json");
  writeFileSync(appsFile, JSON.stringify({ apps: apps(place) }));
  const started = await runPm2(script, place, ["start", appsFile]);
  const pm2: DemoPm2 = { end: () => endPm2(script, place) };
  if (started.ok) return success(pm2);
  await pm2.end();
  return failure(started.error);
}

function apps(place: DemoPlace): unknown[] {
  const program = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const queue = { PORT: String(place.queuePort), TASKS_PER_SECOND: String(TASKS_PER_SECOND) };
  const worker = { PORT: String(place.workerPort), QUEUE_URL: `http://127.0.0.1:${place.queuePort}`, DEMO_DIR: place.dir };
  return [
    { name: "demo-queue", script: program("task-queue-main"), exec_mode: "fork", vizion: false, env: queue },
    {
      ...{ name: "demo-worker", script: program("demo-worker-main"), exec_mode: "fork", vizion: false, env: worker },
      ...{ instances: WORKERS, increment_var: "PORT" },
    },
  ];
}

/** What the daemon is given, all its workers are given; hence hardly anything of ours. */
function cleanEnv(place: DemoPlace): Record<string, string> {
  const passed = ["PATH", "HOME", "TMPDIR", "LANG", "HEALER_TEST_RUN"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), PM2_HOME: place.pm2Home, PM2_DISABLE_VERSION_CHECK: "true", PM2_NO_INTERACTION: "true" };
}

function runPm2(script: string, place: DemoPlace, args: readonly string[]): Promise<Outcome<null, string>> {
  return new Promise((resolve) => {
    // A process group of its own: Ctrl-C in the terminal is for the demo, which then ends PM2 in order.
    const options = {
      env: cleanEnv(place),
      cwd: place.dir,
      stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"],
      detached: true,
    };
    const child = spawn(process.execPath, [script, ...args], { ...options, timeout: COMMAND_MS, killSignal: "SIGKILL" });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    child.once("error", (error) => resolve(failure(error.message)));
    // "exit", not "close": the daemon it leaves behind may hold the pipes.
    child.once("exit", (code) =>
      resolve(code === 0 ? success(null) : failure(`pm2 ${args[0]} ended with ${code ?? "a signal"}: ${said.trim()}`)),
    );
  });
}

/** First the polite way; then whatever still runs of the tree that was seen before, each checked to be the same process. */
async function endPm2(script: string, place: DemoPlace): Promise<readonly number[]> {
  const processes = openProcesses();
  const pidFile = join(place.pm2Home, "pm2.pid");
  const daemonPid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
  const tree = daemonPid > 0 ? processes.snapshot().tree(daemonPid) : [];
  if (daemonPid > 0) await runPm2(script, place, ["kill"]);
  const alive = (): ProcessIdentity[] => tree.filter(({ pid, startTicks }) => processes.startTicks(pid) === startTicks);
  for (const one of alive()) processes.signal(one, "SIGKILL");
  const endMs = performance.now() + GONE_MS;
  while (alive().length > 0 && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  return alive().map(({ pid }) => pid);
}
