import { hostname, userInfo } from "node:os";
import { ACTIONS } from "../actions/registry.ts";
import { formatConfigError } from "../config/config-error.ts";
import { CONFIG_BYTES_MAX } from "../config/document.ts";
import { findConfigFile } from "../config/find-file.ts";
import { loadConfig } from "../config/load.ts";
import { openDaemonLog } from "../record/daemon-log.ts";
import { openHealLog } from "../record/heal-log.ts";
import { prepareStateHome, stateHome, type StateHome } from "../record/state-home.ts";
import { systemClock } from "../world/clock/clock.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { readTextFile } from "../world/files/text-file.ts";
import { connectPm2 } from "../world/pm2/connect-pm2.ts";
import { pm2HomeOf } from "../world/pm2/socket-path.ts";
import { openProcesses } from "../world/processes/open-processes.ts";
import { Daemon, type DaemonParts } from "./daemon.ts";
import { endOnInternalError, reportInternalError } from "./internal-error.ts";
import { claimInstance } from "./single-instance.ts";

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

/** A command that works on the same PM2_HOME is over soon; one that is not is named after so long. */
const PASSING_COMMAND_MS = 30_000;

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
  const username = accountName(env);
  const claim = { files, pm2Home, healerHome: home.home, pid: process.pid, user: username, waitMs: PASSING_COMMAND_MS };
  const instance = await claimInstance(claim);
  if (!instance.ok) return refuse(err, instance.error.message, 3);
  const code = await runUntilStopped(options, home, { compiled: compiled.value, text: text.value, pm2Home, username });
  await instance.value.release();
  return code;
}

type Found = Pick<DaemonParts, "compiled" | "text" | "pm2Home" | "username">;

async function runUntilStopped(options: RunOptions, home: StateHome, found: Found): Promise<number> {
  const files = systemFiles();
  const clock = systemClock();
  const host = hostname();
  const healLog = openHealLog({ files, dir: home.home, host, stdout: options.logFormat });
  const daemonLog = openDaemonLog({ files, dir: home.home });
  const wallMs = (): number => clock.wallMs();
  const write = (record: Parameters<typeof healLog.write>[0]): void => void healLog.write(record, wallMs(), found.compiled.hash);
  const outlets = { daemonLog, write, err: options.err, wallMs };
  const uncover = endOnInternalError(outlets);
  try {
    const { compiled, pm2Home } = found;
    const connect: DaemonParts["connect"] = (onHint, onSkippedRows) =>
      connectPm2({ pm2Home, envNames: compiled.envNames, onHint, onSkippedRows });
    const world = { files, home, healLog, clock, host, processes: openProcesses(), actions: ACTIONS, connect };
    const daemon = new Daemon({ ...found, ...options, ...world });
    await daemon.start();
    const why = await options.untilStopped;
    await daemon.stop(why);
    return 0;
  } catch (bug) {
    return reportInternalError(bug, outlets);
  } finally {
    uncover();
    daemonLog.close();
  }
}

/** A uid without an account (containers) has no name. */
function accountName(env: RunOptions["env"]): string {
  try {
    return userInfo().username;
  } catch {
    return env["USER"] ?? `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

function refuse(err: (text: string) => void, message: string, code: number): number {
  err(message.endsWith("\n") ? message : `${message}\n`);
  return code;
}
