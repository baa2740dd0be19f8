import { failure, success, type Outcome } from "../core/outcome.ts";
import { DURATION_EXPECTED, parseDurationMs } from "../core/quantities.ts";
import { giveUp } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { orderEach, type Addressed } from "./orders.ts";
import { runPaused } from "./run-paused.ts";
import type { Terminal } from "./terminal.ts";

export interface PauseCommand extends Addressed {
  /** A duration, or `forever`; left out: 1 h. */
  readonly for?: string;
  readonly reason?: string;
  /** What stands behind `--`: pause, run it, resume. */
  readonly command: readonly string[];
}

const FOR_DEFAULT = "1h";

/** `healer pause`: maintenance, on the record. With a command: exits with its code. */
export async function runPause(command: PauseCommand, terminal: Terminal): Promise<number> {
  const forMs = forOf(command.for ?? FOR_DEFAULT);
  if (!forMs.ok) return giveUp(terminal, { code: EXIT.usage, text: forMs.error });
  if (command.command.length === 0) return orderEach("pause", command, { for_ms: forMs.value, reason: command.reason ?? "" }, terminal);
  if (command.for !== undefined)
    return giveUp(terminal, { code: EXIT.usage, text: "healer pause: --for and a command exclude each other" });
  return runPaused(command, terminal);
}

function forOf(text: string): Outcome<number | null, string> {
  if (text === "forever") return success(null);
  const duration = parseDurationMs(text);
  if (!duration.ok) return failure(`--for ${text}: expected ${DURATION_EXPECTED}, or forever`);
  return duration.value >= 1_000 ? duration : failure(`--for ${text}: at least one second`);
}
