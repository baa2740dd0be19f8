import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { followProgram, FOLLOWS_FOR_MS, hasEnded, type Ending } from "./follow-program.ts";
import type { Environment } from "./program-environment.ts";

export interface ProgramOptions {
  /** The program, then its arguments; no shell reads them. */
  readonly argv: readonly string[];
  /** null = healer's own. */
  readonly cwd: string | null;
  readonly env: Environment;
  readonly timeoutMs: number;
  /** So much of the end of stdout and stderr together is kept. */
  readonly outputBytesMax: number;
  readonly signal: AbortSignal;
}

/** `killed`: by healer, after the timeout. `signal`: by somebody else, or by itself. */
export type ProgramEnd =
  | { readonly kind: "exit"; readonly code: number; readonly output: string }
  | { readonly kind: "signal"; readonly signal: string; readonly output: string }
  | { readonly kind: "killed"; readonly output: string };

export interface ProgramFailure {
  readonly kind: "not-started" | "stopped";
  readonly message: string;
}

export interface ProgramRunner {
  run(options: ProgramOptions): Promise<Outcome<ProgramEnd, ProgramFailure>>;
}

const UNENDED_MAX = 4;

/** The longest that `run` takes beyond its timeout. */
export const RUN_ENDS_WITHIN_MS = FOLLOWS_FOR_MS;

/**
 * Runs programs that cannot hurt: each in a session and process group of its own, which is killed as a whole on timeout, on
 * abort, and when the program has ended and left something behind; nothing on stdin, all output read and little of it kept.
 * A killed program that does not end (it hangs inside the kernel, or runs as another user) is not waited for; after a few of
 * those no more are started until one has ended, so that they do not pile up.
 */
export function createProgramRunner(killGroup: (pid: number) => void = killProcessGroup): ProgramRunner {
  const unended = new Set<ChildProcess>();
  return {
    async run(options) {
      if (options.signal.aborted) return failure(STOPPED);
      if (unended.size >= UNENDED_MAX) return notStarted(`${UNENDED_MAX} of its programs were killed and have not ended`);
      const child = start(options);
      if (!child.ok) return notStarted(whyNotStarted(child.error, options));
      const followed = await followProgram(child.value, { ...options, killGroup });
      if ("error" in followed) return notStarted(whyNotStarted(followed.error, options));
      if (!hasEnded(child.value)) leaveAlone(child.value, unended);
      return endOf(followed.ending);
    },
  };
}

const STOPPED: ProgramFailure = { kind: "stopped", message: "the reading was stopped" };

function notStarted(message: string): Outcome<never, ProgramFailure> {
  return failure({ kind: "not-started", message });
}

/** Most failures come later, as an event; what can never be started (too many arguments) throws. */
function start({ argv, cwd, env }: ProgramOptions): Outcome<ChildProcess, unknown> {
  const [program = "", ...args] = argv;
  const place = cwd === null ? {} : { cwd };
  try {
    return success(spawn(program, args, { ...place, env, stdio: ["ignore", "pipe", "pipe"], detached: true, shell: false }));
  } catch (error) {
    return failure(error);
  }
}

function leaveAlone(child: ChildProcess, unended: Set<ChildProcess>): void {
  unended.add(child);
  child.once("exit", () => unended.delete(child));
  child.unref();
}

/** It may have ended by itself in the moment in which it was to be killed. */
function endOf({ code, signal, killedFor, output }: Ending): Outcome<ProgramEnd, ProgramFailure> {
  if (killedFor === "abort") return failure(STOPPED);
  if (code !== null) return success({ kind: "exit", code, output });
  if (killedFor === "timeout" || signal === null) return success({ kind: "killed", output });
  return success({ kind: "signal", signal, output });
}

/** ESRCH: everybody is gone. EPERM: it runs as another user, and whoever waits for its end sees that it does not come. */
function killProcessGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}

function whyNotStarted(error: unknown, { argv, cwd }: ProgramOptions): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  const program = argv[0] ?? "";
  if (code === "ENOENT" && cwd !== null && !existsSync(cwd)) return `its working directory ${cwd} is not there`;
  if (code === "ENOENT") return `there is no program ${program}, or not the interpreter that its first line names`;
  if (code === "EACCES") return `${program} may not be executed`;
  return `${program} could not be started (${code})`;
}
