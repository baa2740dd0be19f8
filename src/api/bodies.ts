import { z } from "zod";

const PAUSE_DEFAULT_MS = 3_600_000;
const PAUSE_MAX_MS = 366 * 86_400_000;
const TASKS_MAX = 100_000;

const BY = { by: z.string().trim().min(1).max(100).optional() };
const FORCE = { force: z.array(z.string().max(100)).max(20).default([]) };

export const HealBody = z.strictObject({ action: z.string().max(100).nullable().default(null), ...FORCE, ...BY });

export const PauseBody = z.strictObject({
  /** null = until resumed. */
  for_ms: z.int().min(1_000).max(PAUSE_MAX_MS).nullable().default(PAUSE_DEFAULT_MS),
  reason: z.string().max(500).default(""),
  ...BY,
});

export const TrimBody = z.strictObject({
  keep: z.int("expected a whole number of workers").min(1, "expected at least 1").max(10_000),
  /** null = as the configuration says. */
  outside: z.enum(["none", "orphans", "all"]).nullable().default(null),
  dry_run: z.boolean().default(false),
  ...FORCE,
  ...BY,
});

export const PlainBody = z.strictObject(BY);

export const NotifyTestBody = z.strictObject({
  /** null = through all of them. */
  channel: z.string().max(100).nullable().default(null),
  by: z.string().trim().min(1).max(100).default("api"),
});

/** What workers report is read by the daemon, which knows the workers; these two say it again for the document, and a test compares. */
const WORKER = { worker: z.union([z.string().min(1).max(200), z.int().positive()]) };
const COUNT = z.int().min(0).max(TASKS_MAX).default(0);

export const OutcomesBody = z.strictObject({
  ...WORKER,
  ok: COUNT,
  failed: COUNT,
  type: z.string().max(100).optional(),
  ms: z.number().min(0).optional(),
});

export const HeartbeatBody = z.strictObject(WORKER);
