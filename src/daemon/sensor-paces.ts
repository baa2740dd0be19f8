import type { Compiled } from "../config/compiled.ts";
import { TREES_EVERY_MS } from "../core/paces.ts";

export type Need = Compiled["strategies"][number]["boundRules"][number]["needs"][number];

const READINGS_A_PATIENCE = 4;
const PULSE_MS_MIN = 500;
const TREES_MS_MIN = 1_000;
const LOOPS_LIST_MS_MAX = 15_000;
const LIST_SHARE = 0.8;

/** Every turn; quicker where a rule has so little patience (`for`) that a turn would be a large part of it. */
export function pulseEveryMs(compiled: Compiled): number {
  return quickest(compiled, ["pulse"], { mostMs: compiled.policy.intervalMs, leastMs: PULSE_MS_MIN });
}

/** The same of scans of all processes, which cost more and are worth it seldom. */
export function treesEveryMs(compiled: Compiled): number {
  return quickest(compiled, ["memory", "cpu", "files"], { mostMs: TREES_EVERY_MS, leastMs: TREES_MS_MIN });
}

/** Of PM2's list, for those who live on what its agent tells. A little quicker than the pulse, so that no turn comes just before it is due. */
export function loopsListEveryMs(compiled: Compiled): number {
  return LIST_SHARE * quickest(compiled, ["loop-turns"], { mostMs: LOOPS_LIST_MS_MAX / LIST_SHARE, leastMs: PULSE_MS_MIN / LIST_SHARE });
}

function quickest({ strategies }: Compiled, what: readonly Need[], pace: { readonly mostMs: number; readonly leastMs: number }): number {
  const rules = strategies.flatMap(({ boundRules }) => boundRules.filter(({ needs }) => needs.some((need) => what.includes(need))));
  const patienceMs = rules.flatMap(({ params }) => patienceOf(params));
  return Math.min(pace.mostMs, ...patienceMs.map((each) => Math.max(pace.leastMs, each / READINGS_A_PATIENCE)));
}

function patienceOf(params: unknown): readonly number[] {
  return typeof params === "object" && params !== null && "for" in params && typeof params.for === "number" ? [params.for] : [];
}
