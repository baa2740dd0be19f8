import type { LogRecord } from "../core/log-record.ts";
import type { DaemonLog } from "../record/daemon-log.ts";

export const INTERNAL_ERROR_CODE = 70;

export interface ErrorOutlets {
  readonly daemonLog: DaemonLog;
  /** Straight to the heal log: notifiers could not deliver any more. */
  readonly write: (record: LogRecord) => void;
  readonly err: (text: string) => void;
  readonly wallMs: () => number;
}

/**
 * A bug ends healer, visibly: its stack on standard error and in `daemon.log`, a line in the heal log, exit code 70.
 * Whoever supervises healer starts it again, and the journal makes that safe at any point. Covers exceptions in
 * callbacks and promises nobody waits for; what is returned takes the covers off.
 */
export function endOnInternalError(outlets: ErrorOutlets): () => void {
  const end = (bug: unknown): void => process.exit(reportInternalError(bug, outlets));
  process.on("uncaughtException", end); // Node raises unhandled rejections here, too
  return () => process.off("uncaughtException", end);
}

/** Answers the exit code. */
export function reportInternalError(bug: unknown, { daemonLog, write, err, wallMs }: ErrorOutlets): number {
  const said = bug instanceof Error ? `${bug.name}: ${bug.message}` : String(bug);
  const stack = bug instanceof Error ? (bug.stack ?? said) : said;
  err(`healer: internal error, please report it: ${stack}\n`);
  daemonLog.write("error", stack, wallMs());
  const reason = `healer ends: internal error, a bug of its own (${said}); workers are left as they are. The stack is in daemon.log`;
  write({ level: "error", event: "daemon_stop", target: "healer", strategy: null, reason });
  return INTERNAL_ERROR_CODE;
}
