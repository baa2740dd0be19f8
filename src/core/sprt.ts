import type { Increments } from "./cusum.ts";
import type { Outcomes } from "./window.ts";

/**
 * Wald's sequential test with the increments of the CUSUM but no floor, so that good tasks count as much as bad ones. It
 * answers "did the heal help": the sum drifts up at a bad rate, down at a good one, and is undecided in between. It has
 * no drift at a rate below the required one (60.3 % for 70 %), so "good" needs the plain rate beside it (decision-core §4.1).
 */
export function nextSprt(sum: number, outcomes: Outcomes, increments: Increments): number {
  return sum + outcomes.ok * increments.ok + outcomes.failed * increments.failed;
}

/** `limit` is the log-likelihood ratio demanded: 4.6 = odds of 100 to 1. */
export function sprtAnswer(sum: number, limit: number): "bad" | "good" | "undecided" {
  if (sum >= limit) return "bad";
  return sum <= -limit ? "good" : "undecided";
}
