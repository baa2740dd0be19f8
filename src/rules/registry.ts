import type { Rule } from "./rule.ts";

/** Every rule there is. Adding one: its file, and a line here. */
export const RULES: readonly Rule[] = [];

/** Names that `interface.md` promises and this version lacks; `check` says so instead of "unknown". */
export const RULES_NOT_YET: readonly string[] = [
  "tcp-probe",
  "exec-probe",
  "heartbeat-missing",
  "memory-climbing",
  "cpu-above",
  "event-loop-delay-above",
  "queue-backlog",
  "oldest-task-above",
  "exceptions-above",
  "log-pattern",
  "synthetic-task",
  "duplicate-workers",
];
