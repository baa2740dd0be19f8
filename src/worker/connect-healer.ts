import process from "node:process";
import { createHealer, type Healer, type HealerOptions } from "./healer.ts";

export type { Healer, HealerOptions, TaskHandler } from "./healer.ts";
export type { BenchmarkReport, HealthReport } from "./built-in-tasks.ts";

/**
 * Connects this worker to healer: `const healer = connectHealer()`, then `await healer.task(work)` for each task.
 *
 * Under PM2 counts and heartbeats travel over PM2's own channel, in one message a second at most; elsewhere over HTTP
 * where `HEALER_URL` (and `HEALER_TOKEN`) say so; with neither nothing is sent. Counts only grow, so a lost message loses
 * nothing. Nothing here throws into the caller, except what a task itself throws, an unknown task type, and the
 * `process.send(null)` that would end PM2's daemon. Nothing keeps the process alive. Connecting twice shares one count.
 */
export function connectHealer(options: HealerOptions = {}): Healer {
  return createHealer(process, options);
}
