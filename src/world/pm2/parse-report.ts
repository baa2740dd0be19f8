import type { WorkerReport } from "../../core/worker-row.ts";
import { isRecord, type Fields } from "./pm2-fields.ts";

/** Of `src/worker`, which speaks this version. A later one that changes the meaning of a field counts on. */
const VERSION = 1;
const COUNT_MAX = 1e12; // a million tasks a second for eleven days; beyond that somebody plays
const DELAY_MS_MAX = 86_400_000;

/**
 * What a worker put among its metrics in PM2 (`pm2_env.axm_monitor.healer`): untrusted, and taken as a whole or not at
 * all. A message that was under way when a process ended arrives after that: a report of another process than the row's
 * says nothing about this one.
 */
export function reportOf(fields: Fields, pid: number | null): WorkerReport | null {
  const metrics = fields["axm_monitor"];
  if (pid === null || !isRecord(metrics) || !Object.hasOwn(metrics, "healer")) return null;
  const said = metrics["healer"];
  if (!isRecord(said) || said["v"] !== VERSION || said["pid"] !== pid) return null;
  const [ok, failed, beats] = [countOrNull(said["ok"]), countOrNull(said["failed"]), countOrNull(said["beats"])];
  if (ok === null || failed === null || beats === null) return null;
  return { ok, failed, beats, loopDelayMs: delayOrNull(said["loopDelayMs"]), isClosed: said["closed"] === true };
}

function countOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= COUNT_MAX ? value : null;
}

function delayOrNull(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= DELAY_MS_MAX ? value : null; // NaN compares false
}
