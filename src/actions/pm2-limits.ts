import type { WorkerRow } from "../core/worker-row.ts";
import type { Pm2Outcome, StopLimits } from "../world/pm2/pm2.ts";
import type { ActionResult } from "./action.ts";

export function limitsOf(row: WorkerRow): StopLimits {
  return { killTimeoutMs: row.killTimeoutMs, listenTimeoutMs: row.listenTimeoutMs };
}

export function resultOf(outcome: Pm2Outcome<null>): ActionResult {
  return outcome.ok ? { ok: true, error: null } : { ok: false, error: outcome.error.message };
}
