/**
 * One line of the heal log as the core words it. `record/heal-log` adds `ts`, `host`, `config` and `v` and fixes the
 * order of the fields; notifiers and the live stream get the same record.
 */
export interface LogRecord {
  readonly level: "info" | "warn" | "error";
  readonly event: LogEvent;
  /** A target id, `queue:NAME`, `strategy:NAME`, or "healer" for lines about the daemon itself. */
  readonly target: string;
  readonly strategy: string | null;
  /** A sentence with the numbers, for a person woken at 3 a.m. */
  readonly reason: string;
  readonly heal_id?: string;
  readonly app?: string;
  readonly instance?: string;
  readonly pm_id?: number;
  readonly pid?: number;
  /** What the event adds (`interface.md` §5): rule, value, threshold, verdict, guard, took_ms, by … */
  readonly more?: Readonly<Record<string, Json>>;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export const LOG_EVENTS = [
  "daemon_start",
  "daemon_stop",
  "mode_changed",
  "config_loaded",
  "config_rejected",
  "pm2_lost",
  "pm2_back",
  "target_new",
  "target_gone",
  "symptom",
  "symptom_cleared",
  "would_heal",
  "heal_intent",
  "heal_action",
  "heal_verdict",
  "hold",
  "escalate",
  "alert",
  "circuit_open",
  "circuit_half_open",
  "circuit_closed",
  "incident_open",
  "incident_wide",
  "incident_canary",
  "incident_closed",
  "dependency_failing",
  "dependency_back",
  "poison_task",
  "pressure",
  "pressure_over",
  "trim",
  "duplicate_found",
  "external_restart",
  "worker_exit",
  "paused",
  "resumed",
  "reset",
  "sensor_blind",
  "sensor_back",
  "notify_failed",
] as const;

export type LogEvent = (typeof LOG_EVENTS)[number];

/** Events that wake a person: what `notify: on: pages` selects. */
export const PAGE_EVENTS: readonly LogEvent[] = ["circuit_open", "incident_open", "escalate", "alert", "config_rejected", "pm2_lost"];
