import { failure, success } from "../../core/outcome.ts";
import { limitsOf } from "./parse-rows.ts";
import type { Pm2Outcome, StopLimits } from "./pm2.ts";

/** What the daemon reads without looking whether it is there; it dies of a definition that lacks one. */
const TEXTS = ["name", "pm_exec_path", "pm_pid_path"] as const;

/**
 * The limits of a definition as it stands in PM2's dump, or why it is not sent. PM2's dumps pass; what does not is no
 * definition, or one with a `pm_id`, in whose place the daemon would forget the process that has it.
 */
export function readDefinition(definition: unknown): Pm2Outcome<StopLimits> {
  if (!isRecord(definition)) return refused("it is no object");
  const { env } = definition;
  if (!isRecord(env)) return refused("it has no env");
  const missing = TEXTS.find((field) => typeof definition[field] !== "string" || definition[field] === "");
  if (missing !== undefined) return refused(`it has no ${missing}`);
  if ([definition, env].some((fields) => "pm_id" in fields)) return refused("it carries a pm_id, which belongs to another process by now");
  return success(limitsOf(definition));
}

/**
 * A row of `getMonitorData` as `pm2 save` would write it down, but running, and created when we say; null where there is no
 * such row. Without `instances`: with it PM2 would start that many, and number them anew.
 */
export function definitionOf(list: unknown, pmId: number, createdWallMs: number): Readonly<Record<string, unknown>> | null {
  if (!Array.isArray(list)) return null;
  const row = (list as readonly unknown[]).find((candidate) => isRecord(candidate) && candidate["pm_id"] === pmId);
  const settings = isRecord(row) ? row["pm2_env"] : undefined;
  if (!isRecord(settings)) return null;
  const { pm_id: _pmId, instances: _instances, prev_restart_delay: _delay, ...definition } = settings;
  return { ...definition, status: "launching", created_at: createdWallMs };
}

function refused(why: string): Pm2Outcome<never> {
  return failure({ kind: "failed", message: `no definition that PM2 can start, ${why}; nothing was sent` });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
