import { z } from "zod";
import type { Knobs } from "../core/strategy.ts";
import { countField, durationField, numberField, percentField, shareField } from "./fields.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const BLOCKS = {
  min_tasks: z.strictObject({
    fast: countField({ min: 1, max: 10_000 }, "tasks since the epoch before the fast test may speak"),
    short: countField({ min: 1, max: 100_000 }, "tasks in `window` before its bound may speak"),
    long: countField({ min: 1, max: 1_000_000 }, "tasks in 24 h before its bound may speak"),
  }),
  verify: z.strictObject({
    llr: numberField({ min: 1, max: 20 }, "log-likelihood at which a verdict about the rate is certain (4.6: one in a hundred)"),
    timeout_seconds: durationField(
      { minMs: 10 * SECOND_MS, maxMs: 7 * DAY_MS },
      "without a verdict by then a heal is inconclusive; 10 × the grace period unless said",
    ).optional(),
  }),
  backoff: z.strictObject({
    base: durationField({ minMs: 0, maxMs: HOUR_MS }, "wait after the first failed heal; doubles with each"),
    max: durationField({ minMs: 0, maxMs: DAY_MS }, "longest wait between failed heals"),
    jitter: numberField({ min: 0, max: 1 }, "share of a wait that is drawn by chance"),
  }),
  circuit: z.strictObject({
    cool_down: durationField({ minMs: SECOND_MS, maxMs: 7 * DAY_MS }, "an open circuit allows one trial after this; doubles with each"),
    max: durationField({ minMs: SECOND_MS, maxMs: 30 * DAY_MS }, "longest cool-down"),
    jitter: numberField({ min: 0, max: 1 }, "share added to a cool-down by chance"),
    max_heals_per_day: countField({ min: 1, max: 10_000 }, "more heals of one worker in 24 h open its circuit, even if each helped"),
  }),
  incident: z.strictObject({
    onset_window: durationField({ minMs: SECOND_MS, maxMs: DAY_MS }, "workers of a group going bad within this belong together"),
    wide_percent: percentField({ min: 1, max: 100 }, "an incident of this share of the group is wide and waits for `canary_delay`"),
    canary_delay: durationField({ minMs: 0, maxMs: DAY_MS }, "a wide incident may pass by itself: wait before the first canary"),
    quiet: durationField({ minMs: SECOND_MS, maxMs: DAY_MS }, "an incident closes after this without an elevated worker"),
  }),
};

const ADVANCED_LEAVES = {
  effect_size_percent: percentField({ min: 1, max: 50 }, "the fast test looks for a rate this far below the threshold"),
  max_false_heals_per_worker_day: numberField({ min: 0.0001, max: 100 }, "budget of false heals; sets how much proof is needed"),
  sustain_seconds: durationField({ minMs: 0, maxMs: HOUR_MS }, "evidence must stand this long before a heal"),
  wilson_z: numberField({ min: 1, max: 10 }, "width of the confidence bound of the slow tests"),
  trim_after_seconds: durationField({ minMs: 0, maxMs: DAY_MS }, "an excess over max_workers must stand this long before it is trimmed"),
};

const LEAVES = {
  grace_period_seconds: durationField({ minMs: 0, maxMs: DAY_MS }, "after any start: leave the worker alone and watch it"),
  min_success_rate_percent: percentField({ min: 2, max: 99 }, "heal when recent tasks prove the rate below this"),
  consecutive_failures_threshold: countField({ min: 1, max: 100 }, "heals in a row that did not help, before healer stops and tells you"),
  window: durationField({ minMs: 60 * SECOND_MS, maxMs: DAY_MS }, "displayed rate, and the slow evidence; 24 h is kept beside it"),
  time_weighting: z
    .union([
      z.literal("none"),
      z.strictObject({ half_life: durationField({ minMs: 10 * SECOND_MS, maxMs: DAY_MS }, "age at which a task counts half") }),
    ])
    .describe("none, or {half_life: 15m}: older tasks count less"),
  max_unavailable: shareField("share or count of a group that may be down or in a heal at once, rounded down, at least 1"),
  max_heals_per_hour: countField({ min: 1, max: 60 }, "more heals of one worker in an hour open its circuit, even if each helped"),
  drain: durationField({ minMs: 0, maxMs: DAY_MS }, "wait this long for the current task before acting on a living worker"),
  max_workers: countField(
    { min: 1, max: 10_000 },
    "workers of an app at once, copies that trim_outside names included; the rest is trimmed",
  ).optional(),
  trim_outside: z
    .enum(["none", "orphans", "all"])
    .describe("copies PM2 does not own: none = report, orphans = end what a dead PM2 daemon left, all = also others' copies"),
  shadow_for: durationField({ minMs: 0, maxMs: 30 * DAY_MS }, "decide and record only, for so long after the strategy is new or changed"),
  on_open: z.enum(["leave", "stop"]).describe("what an open circuit does with the worker; never stops a group's last running one"),
};

const FULL_SCHEMA = z.strictObject({ ...LEAVES, advanced: z.strictObject({ ...ADVANCED_LEAVES, ...BLOCKS }) });

/** Belongs to the machine, not to a strategy, so it is read from `defaults` alone. */
export const BUDGET_SCHEMA = z.strictObject({
  tokens: countField({ min: 1, max: 1000 }, "heals that may come at once over all strategies"),
  refill_seconds: durationField({ minMs: SECOND_MS, maxMs: DAY_MS }, "a token comes back every so often"),
});

const ADVANCED_PARTIAL = z
  .strictObject({
    ...ADVANCED_LEAVES,
    min_tasks: BLOCKS.min_tasks.partial(),
    verify: BLOCKS.verify.partial(),
    backoff: BLOCKS.backoff.partial(),
    circuit: BLOCKS.circuit.partial(),
    incident: BLOCKS.incident.partial(),
  })
  .partial();

/** What a strategy may override; spread into its own schema. All optional: what is not said is inherited. */
export const STRATEGY_KNOBS = z.strictObject({ ...LEAVES, advanced: ADVANCED_PARTIAL }).partial();

export const DEFAULTS_SCHEMA = z
  .strictObject({ ...LEAVES, advanced: ADVANCED_PARTIAL.extend({ budget: BUDGET_SCHEMA.partial().optional() }) })
  .partial();

/** As one would write them; the reasons for the numbers are in `docs/configuration.md`. */
export const BUILT_IN = {
  grace_period_seconds: 180,
  min_success_rate_percent: 70,
  consecutive_failures_threshold: 3,
  window: "1h",
  time_weighting: "none",
  max_unavailable: "20%",
  max_heals_per_hour: 5,
  drain: 0,
  max_workers: null,
  trim_outside: "none",
  on_open: "leave",
  shadow_for: 0,
  advanced: {
    effect_size_percent: 20,
    max_false_heals_per_worker_day: 0.1,
    sustain_seconds: 60,
    min_tasks: { fast: 10, short: 20, long: 100 },
    wilson_z: 3.5,
    trim_after_seconds: 60,
    verify: { llr: 4.6, timeout_seconds: null },
    backoff: { base: 30, max: 600, jitter: 0.5 },
    circuit: { cool_down: 1800, max: 21_600, jitter: 0.25, max_heals_per_day: 10 },
    incident: { onset_window: 300, wide_percent: 50, canary_delay: 240, quiet: 120 },
  },
} as const;

export const BUILT_IN_BUDGET = { tokens: 5, refill_seconds: 300 } as const;

/**
 * Reads a complete set of raw knobs (built-in, defaults and strategy laid over one another). Null when a value is wrong;
 * the mistake itself is found where it was written, by the schemas above.
 */
export function readKnobs(raw: unknown): Knobs | null {
  const parsed = FULL_SCHEMA.safeParse(withoutNull(raw));
  return parsed.success ? knobsOf(parsed.data) : null;
}

function knobsOf(full: z.output<typeof FULL_SCHEMA>): Knobs {
  const { advanced } = full;
  return {
    gracePeriodMs: full.grace_period_seconds,
    minSuccessRatePercent: full.min_success_rate_percent,
    consecutiveFailuresThreshold: full.consecutive_failures_threshold,
    windowMs: full.window,
    timeWeightingHalfLifeMs: full.time_weighting === "none" ? null : full.time_weighting.half_life,
    maxUnavailable: full.max_unavailable,
    maxHealsPerHour: full.max_heals_per_hour,
    drainMs: full.drain,
    onOpen: full.on_open,
    maxWorkers: full.max_workers ?? null,
    trimOutside: full.trim_outside,
    shadowForMs: full.shadow_for,
    effectSizePercent: advanced.effect_size_percent,
    maxFalseHealsPerWorkerDay: advanced.max_false_heals_per_worker_day,
    sustainMs: advanced.sustain_seconds,
    minTasks: advanced.min_tasks,
    wilsonZ: advanced.wilson_z,
    verify: { llr: advanced.verify.llr, timeoutMs: advanced.verify.timeout_seconds ?? verifyTimeoutMs(full.grace_period_seconds) },
    backoff: { baseMs: advanced.backoff.base, maxMs: advanced.backoff.max, jitter: advanced.backoff.jitter },
    circuit: {
      coolDownMs: advanced.circuit.cool_down,
      maxMs: advanced.circuit.max,
      jitter: advanced.circuit.jitter,
      maxHealsPerDay: advanced.circuit.max_heals_per_day,
    },
    incident: {
      onsetWindowMs: advanced.incident.onset_window,
      widePercent: advanced.incident.wide_percent,
      canaryDelayMs: advanced.incident.canary_delay,
      quietMs: advanced.incident.quiet,
    },
    trimAfterMs: advanced.trim_after_seconds,
  };
}

/** Ten grace periods; where the grace period is next to nothing, a minute, or no verdict could ever be reached. */
function verifyTimeoutMs(graceMs: number): number {
  return Math.max(10 * graceMs, 60 * SECOND_MS);
}

/** The one knob that is worked out when nobody says it stands as null in the built-in values. */
function withoutNull(raw: unknown): unknown {
  return JSON.parse(JSON.stringify(raw, (_, value: unknown) => (value === null ? undefined : value)));
}
