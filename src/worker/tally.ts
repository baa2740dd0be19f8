/** Since the process first connected; only grows. Plain fields, because a task costs two of them. */
export interface Tally {
  ok: number;
  failed: number;
  beats: number;
  /** Sum over the tasks that `task` timed, and how many they were. */
  taskMs: number;
  timed: number;
  /** Between the last two heartbeats; null = not measured. */
  loopDelayMs: number | null;
  /** Name of the newest error: its message may hold secrets and stays here. */
  lastError: string | null;
}

const NAME_MAX = 60;

export function newTally(): Tally {
  return { ok: 0, failed: 0, beats: 0, taskMs: 0, timed: 0, loopDelayMs: null, lastError: null };
}

/** What `pm2 describe` shows: "1234 ok, 5 failed (last: TimeoutError), 12 ms a task, loop delay 3 ms". */
export function inWords(tally: Tally): string {
  const last = tally.lastError === null ? "" : ` (last: ${tally.lastError})`;
  const took = tally.timed === 0 ? "" : `, ${rounded(tally.taskMs / tally.timed)} ms a task`;
  const delay = tally.loopDelayMs === null ? "" : `, loop delay ${rounded(tally.loopDelayMs)} ms`;
  return `${tally.ok} ok, ${tally.failed} failed${last}${took}${delay}`;
}

function rounded(ms: number): number {
  return ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms);
}

/** Whatever was thrown; a getter of it may throw in turn. */
export function errorNameOf(error: unknown): string | null {
  if (error === undefined || error === null) return null;
  try {
    return error instanceof Error ? String(error.name).slice(0, NAME_MAX) : typeof error;
  } catch {
    return "Error";
  }
}
