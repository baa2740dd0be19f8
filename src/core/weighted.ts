import type { Outcomes } from "./window.ts";

/**
 * Time-weighted outcomes: a task counts 2^(-age / halfLife). `ok / n` is the rate; Kish's effective sample size
 * n² / nSquared takes the place of n in every bound (decision-core §1.2).
 */
export interface Weighted {
  readonly halfLifeMs: number;
  readonly atMs: number;
  readonly ok: number;
  readonly n: number;
  readonly nSquared: number;
}

export function decay(weighted: Weighted, atMs: number, outcomes: Outcomes): Weighted {
  const factor = 2 ** (-Math.max(0, atMs - weighted.atMs) / weighted.halfLifeMs);
  const count = outcomes.ok + outcomes.failed;
  return {
    halfLifeMs: weighted.halfLifeMs,
    atMs: Math.max(atMs, weighted.atMs),
    ok: weighted.ok * factor + outcomes.ok,
    n: weighted.n * factor + count,
    nSquared: weighted.nSquared * factor * factor + count,
  };
}

export function effectiveCount(weighted: Weighted): number {
  return weighted.nSquared === 0 ? 0 : (weighted.n * weighted.n) / weighted.nSquared;
}
