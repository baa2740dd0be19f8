import { userInfo } from "node:os";
import type { Terminal } from "./terminal.ts";

const COLUMNS_DEFAULT = 80;
const COLUMNS_MIN = 40;
const ROWS_DEFAULT = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The real process as a terminal. A reader that closes the pipe (`healer log | head`) ends it quietly; the daemon does
 * not die with whoever read its lines: the heal log has them all.
 */
export function processTerminal(version: string, mainFile: string): Terminal {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) stream.on("error", onStreamError);
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(text.endsWith("\n") ? text : `${text}\n`),
    raw: (text) => void stdout.write(text),
    env,
    cwd: process.cwd(),
    get columns() {
      return Math.max(COLUMNS_MIN, stdout.isTTY ? stdout.columns : columnsFrom(env["COLUMNS"]));
    },
    get rows() {
      return stdout.isTTY ? stdout.rows : ROWS_DEFAULT;
    },
    colour: hasColour(stdout.isTTY, env),
    live: stdout.isTTY,
    user: userName(env),
    version,
    mainFile,
    untilSignal: () => new Promise((resolve) => SIGNALS.forEach((signal) => process.once(signal, () => resolve(signal)))),
  };
}

function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  if (process.argv[2] !== "run") process.exit(0);
}

function columnsFrom(text: string | undefined): number {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : COLUMNS_DEFAULT;
}

function hasColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  if (env["FORCE_COLOR"] !== undefined) return env["FORCE_COLOR"] !== "0";
  return isTerminal && env["TERM"] !== "dumb";
}

/** What the record will say: `root (sudo by alice)`. */
function userName(env: NodeJS.ProcessEnv): string {
  const name = ownName(env);
  const behind = env["SUDO_USER"];
  return behind === undefined || behind === "" || behind === name ? name : `${name} (sudo by ${behind})`.slice(0, 100);
}

/** A uid without an account (containers) has no name. */
function ownName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env["USER"] ?? `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
