import { formatDuration } from "../core/quantities.ts";
import type { ConfigPath } from "./config-error.ts";
import type { ProblemList } from "./problem-list.ts";

const MILLISECONDS_LOOK = 1000; // nobody waits 1000 s for an answer, many have 1000 ms in mind
const SHORT_TIMES = ["timeout", "timeout_seconds", "every", "interval", "poll"];

/** `timeout: 3000` in a block of a drawer: a bare number is seconds, and nearly 50 minutes was not meant. */
export function noteMillisecondSlips(block: unknown, path: ConfigPath, problems: ProblemList): void {
  if (typeof block !== "object" || block === null) return;
  for (const [key, value] of Object.entries(block)) {
    if (!SHORT_TIMES.includes(key) || typeof value !== "number" || value < MILLISECONDS_LOOK) continue;
    problems.value([...path, key], `seconds, not milliseconds (did you mean ${formatDuration(value)}?)`);
  }
}
