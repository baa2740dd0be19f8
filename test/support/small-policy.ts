import type { BoundRule } from "../../src/core/judgement.ts";
import { NO_JUDGEMENT } from "../../src/core/state.ts";
import type { Knobs, Policy } from "../../src/core/strategy.ts";
import { corePolicy, KNOBS } from "./core-policy.ts";
import { scriptedRule, stormRule } from "./scripted-rules.ts";

export const PROBE = "probe";

interface Memory {
  readonly epochAtMs: number;
  isBad: boolean | null;
}

/** One answer proves it, and one answer is a verdict: what a rule makes of many is not what a search of the core is about. */
function probeRule(): BoundRule {
  return {
    ...scriptedRule(new Map(), { key: PROBE }),
    fresh: ({ atMs }): Memory => ({ epochAtMs: atMs, isBad: null }),
    observe(memory, observation) {
      if (observation.kind === "probe") (memory as Memory).isBad = !observation.ok;
    },
    judge(memory, view) {
      const { isBad } = memory as Memory;
      const state = isBad === null ? "unknown" : isBad ? "sick" : "fine";
      return { ...NO_JUDGEMENT, state, sustained: state === "sick", sinceMs: state === "sick" ? view.nowMs : null, n: 1 };
    },
    verdict(memory) {
      const { isBad } = memory as Memory;
      return isBad === null ? "undecided" : isBad ? "failed" : "recovered";
    },
    describe: () => "the probe fails",
  };
}

/** How much time passes at once; what the policy waits for is over after one of them, and not after the next smaller. */
export const SHORT_MS = 2_000;
export const MIDDLE_MS = 61_000;
export const LONG_MS = 1_801_000;

const SMALL: Knobs = {
  ...KNOBS,
  gracePeriodMs: 60_000,
  consecutiveFailuresThreshold: 2,
  maxUnavailable: { count: 1 },
  maxHealsPerHour: 2,
  verify: { llr: 4.6, timeoutMs: 600_000 },
  backoff: { baseMs: 30_000, maxMs: 600_000, jitter: 0 },
  circuit: { coolDownMs: 1_800_000, maxMs: 3_600_000, jitter: 0, maxHealsPerDay: 10 },
  incident: { onsetWindowMs: 300_000, widePercent: 50, canaryDelayMs: 60_000, quietMs: 60_000 },
};

/** The policy of a small world: no jitter and no calendar, or worlds that differ in time alone would differ in what comes. */
export function smallPolicy(changes: Partial<Knobs> = {}, actions: readonly string[] = ["restart", "stop-start"]): Policy {
  return corePolicy([probeRule(), stormRule()], {
    knobs: { ...SMALL, ...changes },
    strategy: { actions },
    policy: { budget: { tokens: 2, refillMs: 600_000 } },
  });
}
