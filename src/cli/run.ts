import { runDaemon } from "../daemon/start.ts";
import type { Terminal } from "./terminal.ts";

export interface RunCommand {
  readonly config?: string;
  readonly observe?: boolean;
  readonly logFormat?: "human" | "json";
}

/** `healer run`: the daemon in the foreground until a signal. */
export function runRun(command: RunCommand, terminal: Terminal): Promise<number> {
  const { env, cwd, version, err } = terminal;
  return runDaemon({
    configFile: command.config ?? null,
    observe: command.observe ?? false,
    logFormat: command.logFormat ?? "human",
    untilStopped: terminal.untilSignal(),
    env,
    cwd,
    version,
    err,
  });
}
