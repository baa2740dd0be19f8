import { heardAll, takeWhy } from "./hearing.ts";
import { formatBytes } from "./quantities.ts";
import type { RestartCause } from "./restart-ledger.ts";
import type { State } from "./state.ts";
import type { WorkerRow } from "./worker-row.ts";

const CRON_LATE_MAX_MS = 1_500; // PM2 stamps `created_at` as its timer fires, milliseconds after the second

/** What is known of a start that somebody commanded. */
export interface CommandedStart {
  readonly row: WorkerRow;
  /** An action of healer's own was at it. */
  readonly isOurs: boolean;
  /** Why it may have been healer's own after all; null = it was not. */
  readonly doubt: string | null;
  /** Of the process before, as last seen. */
  readonly memoryBytes: number | null;
}

interface Finding {
  readonly cause: RestartCause;
  readonly words: string;
}

/**
 * Who started or restarted a worker whose `created_at` has moved. PM2 says so of its memory limit and its watching, and a cron
 * pattern shows in the second; whoever else commands PM2 is an operator here, a deploy included. Where PM2 was not heard, a row
 * that could have been restarted by PM2 itself leaves it open.
 */
export function whoCommanded(state: State, start: CommandedStart): Finding {
  const { row, isOurs, doubt } = start;
  if (isOurs) return { cause: "healer", words: "an action of healer's" };
  if (doubt !== null) return { cause: "unknown", words: doubt };
  return takeWhy(state.hearing, row) ?? cronOf(state, row) ?? (heardAll(state.hearing) ? BY_HAND : unheard(state, start));
}

const BY_HAND: Finding = { cause: "operator", words: "an operator or a deploy: PM2 gave no reason of its own" };

function cronOf({ policy }: State, { cronRestart, createdWallMs }: WorkerRow): Finding | null {
  if (cronRestart === null || createdWallMs === null) return null;
  const dueWallMs = policy.latestCronRun?.(cronRestart, createdWallMs) ?? null;
  if (dueWallMs === null || createdWallMs - dueWallMs > CRON_LATE_MAX_MS) return null;
  return { cause: "cron", words: `PM2 itself: its cron pattern "${cronRestart}" was due in that second` };
}

function unheard({ policy }: State, { row, memoryBytes }: CommandedStart): Finding {
  const limit = row.maxMemoryRestartBytes;
  if (limit !== null && memoryBytes !== null && memoryBytes > limit) {
    const words = `PM2 itself, it seems: it was last seen with ${formatBytes(memoryBytes)}, and PM2's max_memory_restart is ${formatBytes(limit)}`;
    return { cause: "memory_limit", words };
  }
  const couldBe = [
    ...(limit === null ? [] : ["memory limit"]),
    ...(row.watch ? ["watch"] : []),
    ...(row.cronRestart === null || policy.latestCronRun !== undefined ? [] : ["cron"]),
  ];
  if (couldBe.length === 0) return { cause: "operator", words: "an operator or a deploy: PM2 has no reason of its own for this app" };
  return { cause: "unknown", words: `an operator, a deploy, or PM2 itself (${couldBe.join(", ")}): healer did not hear PM2 say why` };
}
