import type { BoundRule } from "../../src/core/judgement.ts";
import type { Knobs, Policy, Strategy } from "../../src/core/strategy.ts";

/** The defaults of the configuration, in the core's units. */
export const KNOBS: Knobs = {
  gracePeriodMs: 180_000,
  minSuccessRatePercent: 70,
  consecutiveFailuresThreshold: 3,
  windowMs: 3_600_000,
  timeWeightingHalfLifeMs: null,
  maxUnavailable: { percent: 20 },
  maxHealsPerHour: 5,
  drainMs: 0,
  onOpen: "leave",
  maxWorkers: null,
  trimOutside: "none",
  shadowForMs: 0,
  effectSizePercent: 20,
  maxFalseHealsPerWorkerDay: 0.1,
  sustainMs: 60_000,
  minTasks: { fast: 10, short: 20, long: 100 },
  wilsonZ: 3.5,
  verify: { llr: 4.6, timeoutMs: 1_800_000 },
  backoff: { baseMs: 30_000, maxMs: 600_000, jitter: 0.5 },
  circuit: { coolDownMs: 1_800_000, maxMs: 21_600_000, jitter: 0.25, maxHealsPerDay: 10 },
  incident: { onsetWindowMs: 300_000, widePercent: 50, canaryDelayMs: 240_000, quietMs: 120_000 },
  trimAfterMs: 60_000,
};

export interface PolicyChanges {
  readonly knobs?: Partial<Knobs>;
  readonly strategy?: Partial<Strategy>;
  readonly policy?: Partial<Policy>;
}

/** One strategy, `all`, that selects every app and heals it with `restart`, then `stop-start`. */
export function corePolicy(rules: readonly BoundRule[], changes: PolicyChanges = {}): Policy {
  const strategy: Strategy = {
    name: "all",
    mode: "heal",
    selector: { apps: ["*"], namespace: null, exclude: [] },
    queues: [],
    rules,
    fingerprint: "as first written",
    actions: ["restart", "stop-start"],
    knobs: { ...KNOBS, ...changes.knobs },
    maintenance: [],
    ...changes.strategy,
  };
  return {
    mode: "heal",
    intervalMs: 2000,
    budget: { tokens: 5, refillMs: 300_000 },
    strategies: [strategy],
    maintenance: [],
    hash: "0123456789ab",
    ...changes.policy,
  };
}
