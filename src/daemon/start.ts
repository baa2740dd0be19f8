import { hostname, userInfo } from "node:os";
import { ACTIONS } from "../actions/registry.ts";
import type { Compiled } from "../config/compiled.ts";
import { formatConfigError } from "../config/config-error.ts";
import { findConfigFile } from "../config/find-file.ts";
import { loadConfig } from "../config/load.ts";
import { openHealLog } from "../record/heal-log.ts";
import { prepareStateHome, stateHome } from "../record/state-home.ts";
import { systemClock } from "../world/clock/clock.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { readTextFile } from "../world/files/text-file.ts";
import { connectPm2 } from "../world/pm2/connect-pm2.ts";
import { pm2HomeOf } from "../world/pm2/socket-path.ts";
import { openProcesses } from "../world/processes/open-processes.ts";
import { Daemon } from "./daemon.ts";
import { claimInstance } from "./single-instance.ts";

const CONFIG_BYTES_MAX = 1024 * 1024;

export interface RunOptions {
  /** `-c`; null = found as `interface.md` §3 says. */
  readonly configFile: string | null;
  readonly observe: boolean;
  readonly logFormat: "human" | "json";
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  readonly err: (text: string) => void;
  /** Resolves when the daemon is to end (a signal); what it resolves with stands in the log. */
  readonly untilStopped: Promise<string>;
}

/** `healer run`: reads, claims, remembers, watches, and returns the exit code once it has been stopped. */
export async function runDaemon(options: RunOptions): Promise<number> {
  const { env, cwd, err } = options;
  const file = findConfigFile({ flag: options.configFile, env, cwd });
  if (!file.ok) return refuse(err, file.error, 2);
  const text = await readTextFile(file.value, CONFIG_BYTES_MAX);
  if (!text.ok) return refuse(err, text.error.message, 2);
  const compiled = loadConfig(text.value, { file: file.value, env, observe: options.observe });
  if (!compiled.ok) return refuse(err, formatConfigError(compiled.error), 2);
  const files = systemFiles();
  const home = stateHome(env);
  const prepared = prepareStateHome(files, home);
  if (!prepared.ok) return refuse(err, prepared.error.message, 2);
  const pm2Home = pm2HomeOf(env, compiled.value.pm2Home);
  const { username } = userInfo();
  const instance = await claimInstance({ files, pm2Home, healerHome: home.home, pid: process.pid, user: username });
  if (!instance.ok) return refuse(err, instance.error.message, 3);
  const daemon = open(options, { compiled: compiled.value, text: text.value, pm2Home, username });
  await daemon.start();
  const why = await options.untilStopped;
  await daemon.stop(why);
  await instance.value.release();
  return 0;
}

/** Constructs the parts; nothing runs yet. */
function open(options: RunOptions, found: { compiled: Compiled; text: string; pm2Home: string; username: string }): Daemon {
  const { compiled, pm2Home } = found;
  const files = systemFiles();
  const home = stateHome(options.env);
  const healLog = openHealLog({ files, dir: home.home, host: hostname(), stdout: options.logFormat });
  return new Daemon({
    ...found,
    ...options,
    files,
    home,
    healLog,
    clock: systemClock(),
    processes: openProcesses(),
    actions: ACTIONS,
    connect: (onHint, onSkippedRows) => connectPm2({ pm2Home, envNames: compiled.envNames, onHint, onSkippedRows }),
  });
}

function refuse(err: (text: string) => void, message: string, code: number): number {
  err(message.endsWith("\n") ? message : `${message}\n`);
  return code;
}
