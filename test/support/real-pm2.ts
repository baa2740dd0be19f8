import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { carriers, descendants, isAlive, sendSignal } from "./process-scan.ts";
import { until } from "./until.ts";

const WORKERS = fileURLToPath(new URL("../fixtures/workers/", import.meta.url));
const DRIVER = fileURLToPath(new URL("./pm2-driver.mjs", import.meta.url));
const CALL_MS = 30_000; // a stubborn worker takes twice its kill_timeout; nothing PM2 does in tests takes longer than this

/** What `pm2 start` accepts; `script` is a file of `test/fixtures/workers` or an absolute path. */
export interface AppOptions {
  readonly script: string;
  readonly name: string;
  readonly namespace?: string;
  readonly instances?: number;
  readonly exec_mode?: "fork" | "cluster";
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly interpreter?: string;
  readonly pmx?: boolean;
  readonly kill_timeout?: number;
  readonly listen_timeout?: number;
  readonly wait_ready?: boolean;
  readonly autorestart?: boolean;
  readonly autostart?: boolean;
  readonly restart_delay?: number;
  readonly exp_backoff_restart_delay?: number;
  readonly max_restarts?: number;
  readonly min_uptime?: number;
  readonly max_memory_restart?: string;
  readonly stop_exit_codes?: readonly number[];
  readonly instance_var?: string;
  readonly increment_var?: string;
  readonly treekill?: boolean;
  readonly merge_logs?: boolean;
  readonly cwd?: string;
  readonly watch?: readonly string[];
  readonly watch_options?: Readonly<Record<string, unknown>>;
  readonly cron_restart?: string;
}

/** A row as PM2's own API reports it, independent of healer's client. */
export interface ListedApp {
  readonly pmId: number;
  readonly name: string;
  readonly pid: number | null;
  readonly status: string;
  readonly restarts: number;
  readonly startedWallMs: number | null;
  readonly pm2Env: Readonly<Record<string, unknown>>;
}

export interface RealPm2 {
  readonly home: string;
  /** Of the PM2 package under test. */
  readonly version: string;
  readonly daemonPid: number;
  /** Starts an app and answers with all rows of that name. `asModule` flags it the way `pm2 install` does. */
  start(app: AppOptions, asModule?: boolean): Promise<readonly ListedApp[]>;
  /** A row that PM2 calls `online` although no process was ever there: its interpreter does not exist. */
  startGhost(name: string): Promise<readonly ListedApp[]>;
  list(): Promise<readonly ListedApp[]>;
  row(pmId: number): Promise<ListedApp | undefined>;
  /** What an operator types: a name, a pm_id or "all". */
  stop(target: string | number): Promise<void>;
  restart(target: string | number): Promise<void>;
  reload(target: string | number): Promise<void>;
  remove(target: string | number): Promise<void>;
  scale(name: string, count: number): Promise<void>;
  /** `pm2 save`: writes `dump.pm2`, also an empty one. */
  save(): Promise<void>;
  /** Kills the daemon and everything below it without a word, as the OOM killer would; sockets stay behind. */
  killDaemon(): Promise<void>;
  /** `kill -9` of the daemon alone: workers in fork mode that do not listen to it live on. */
  orphanWorkers(): Promise<void>;
  /** `pm2 resurrect`: what the dump names. */
  resurrect(): Promise<void>;
  /** Starts another daemon in the same home: a new generation, with no apps. */
  startDaemon(): Promise<void>;
  /** Kills daemon and workers by pid, removes the home, then throws if any process of this PM2_HOME survived. */
  dispose(): Promise<void>;
}

export interface StartPm2Options {
  /** Directory of another PM2 package; by default the one in node_modules, or `HEALER_TEST_PM2` where set. */
  readonly packageDir?: string;
  /** The daemon's own look at its workers (memory limits, cron), seconds apart in production; ms here. */
  readonly workerIntervalMs?: number;
}

/** A real PM2 daemon in a home of its own, started through a child process. Takes about half a second. */
export async function startPm2(options: StartPm2Options = {}): Promise<RealPm2> {
  const home = mkdtempSync(join(tmpdir(), "h-")); // unix socket paths end at 107 bytes
  writeFileSync(join(home, "module_conf.json"), JSON.stringify({ pm2: { sysmonit: "false" }, "module-db-v2": {} }));
  const started = { home, options, daemonPids: [] as number[] };
  let driver = await startDriver(started);
  const list = async (): Promise<ListedApp[]> => listed(await driver.call("list", {}));
  const operate = (command: string) => async (target: string | number) => void (await driver.call(command, { target }));
  const start = async (app: AppOptions, asModule = false): Promise<readonly ListedApp[]> => {
    await driver.call("start", { app: { vizion: false, ...app, script: resolve(WORKERS, app.script) }, asModule });
    return (await list()).filter((row) => row.name === app.name);
  };
  return {
    home,
    version: versionIn(packageDirOf(options)),
    get daemonPid() {
      return started.daemonPids.at(-1) ?? 0;
    },
    start,
    startGhost: async (name) => {
      const script = join(home, `${name}.sh`);
      writeFileSync(script, "#!/nonexistent/interpreter\n", { mode: 0o755 });
      return start({ script, name, interpreter: "none" });
    },
    list,
    row: async (pmId) => (await list()).find((row) => row.pmId === pmId),
    stop: operate("stop"),
    restart: operate("restart"),
    reload: operate("reload"),
    remove: operate("remove"),
    scale: async (name, count) => void (await driver.call("scale", { target: name, count })),
    save: async () => void (await driver.call("save", {})),
    killDaemon: async () => {
      await driver.end();
      await killTree(started.daemonPids.at(-1) ?? 0);
      // The process is dead as soon as its first thread is; its sockets are when the last one is.
      await until(() => refusesConnections(join(home, "rpc.sock")), "PM2's socket to go dead");
    },
    orphanWorkers: async () => {
      await driver.end();
      const pid = started.daemonPids.at(-1) ?? 0;
      sendSignal(pid, "SIGKILL");
      await until(() => !isAlive(pid), `PM2's daemon ${pid} to end`);
      await until(() => refusesConnections(join(home, "rpc.sock")), "PM2's socket to go dead");
    },
    resurrect: async () => void (await driver.call("resurrect", {})),
    startDaemon: async () => {
      await driver.end();
      driver = await startDriver(started);
    },
    dispose: async () => {
      await driver.end();
      await dispose(home, started.daemonPids);
    },
  };
}

interface Driver {
  call(command: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  end(): Promise<void>;
}

async function startDriver(started: { home: string; options: StartPm2Options; daemonPids: number[] }): Promise<Driver> {
  const child = fork(DRIVER, [], {
    execArgv: [],
    env: daemonEnv(started.home, started.options),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.setMaxListeners(0); // one for each call under way
  const driver = { call: createCaller(child), end: () => endDriver(child) };
  await driver.call("connect", {});
  started.daemonPids.push(Number(readFileSync(join(started.home, "pm2.pid"), "utf8")));
  return driver;
}

/** Clean on purpose: what the daemon gets, every cluster worker gets. */
function daemonEnv(home: string, options: StartPm2Options): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? homedir(),
    PM2_HOME: home,
    PM2_PACKAGE_DIR: packageDirOf(options),
    PM2_DISABLE_VERSION_CHECK: "true",
    PM2_NO_INTERACTION: "true",
    HEALER_TEST_RUN: process.env["HEALER_TEST_RUN"] ?? "", // by which the whole run finds what outlived it
    ...(options.workerIntervalMs === undefined ? {} : { PM2_WORKER_INTERVAL: String(options.workerIntervalMs) }),
  };
}

function packageDirOf(options: StartPm2Options): string {
  return options.packageDir ?? process.env["HEALER_TEST_PM2"] ?? dirname(createRequire(import.meta.url).resolve("pm2/package.json"));
}

function versionIn(packageDir: string): string {
  const { version } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")) as { readonly version: string };
  return version;
}

function createCaller(child: ChildProcess): Driver["call"] {
  let calls = 0;
  return (command, args) =>
    new Promise((fulfil, reject) => {
      const id = ++calls;
      const timer = setTimeout(
        () => settle(() => reject(new Error(`PM2's own API did not answer "${command}" in ${CALL_MS} ms`))),
        CALL_MS,
      );
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        end();
      };
      const onMessage = (message: { id: number; result?: unknown; error?: string }): void => {
        if (message.id !== id) return;
        const error = message.error;
        settle(() => (error === undefined ? fulfil(message.result) : reject(new Error(`pm2 ${command}: ${error}`))));
      };
      const onExit = (): void => settle(() => reject(new Error(`the PM2 driver ended during "${command}"`)));
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send({ id, command, args }, (error) => {
        if (error !== null) settle(() => reject(error));
      });
    });
}

/** SIGKILL, so that its end does not take the daemon along. */
async function endDriver(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await until(() => child.exitCode !== null || child.signalCode !== null, "the PM2 driver to end");
}

function listed(answer: unknown): ListedApp[] {
  const rows = answer as { pm_id: number; name: string; pid?: number; pm2_env: Record<string, unknown> }[];
  return rows.map((row) => ({
    pmId: row.pm_id,
    name: row.name,
    pid: row.pid === undefined || row.pid === 0 ? null : row.pid,
    status: String(row.pm2_env["status"]),
    restarts: Number(row.pm2_env["restart_time"]),
    startedWallMs: typeof row.pm2_env["pm_uptime"] === "number" ? row.pm2_env["pm_uptime"] : null,
    pm2Env: row.pm2_env,
  }));
}

async function dispose(home: string, daemonPids: readonly number[]): Promise<void> {
  for (const pid of daemonPids) await killTree(pid);
  const mark = `PM2_HOME=${home}`;
  // Node workers notice a dead daemon within a second; whoever is still there after fifteen, on a machine with its
  // hands full, is a leak of the test.
  const clean = await until(() => carriers(mark).length === 0, "", 15_000).then(
    () => true,
    () => false,
  );
  const survivors = carriers(mark);
  for (const survivor of survivors) sendSignal(survivor.pid, "SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  if (!clean) throw new Error(`processes of ${mark} survived: ${survivors.map(({ pid, command }) => `${pid} ${command}`).join("; ")}`);
}

/** Stopped first, so that it starts nothing new while its descendants are counted. */
async function killTree(root: number): Promise<void> {
  if (root === 0 || !isAlive(root)) return;
  sendSignal(root, "SIGSTOP");
  for (const pid of [...descendants(root), root]) sendSignal(pid, "SIGKILL");
  await until(() => !isAlive(root), `PM2's daemon ${root} to end`);
}

function refusesConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

/** A folder under the home, for command files of fixtures; goes away with it. */
export function scratchFolder(pm2: RealPm2): string {
  const folder = join(pm2.home, "scratch");
  mkdirSync(folder, { recursive: true });
  return folder;
}
