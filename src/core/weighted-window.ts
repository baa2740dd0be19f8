import type { Window } from "./window.ts";

const WEIGHT_MIN = 0.001; // ten half-lives

/** The rate with a task counting 2^(-age / halfLife), to the width of a bucket; null = no finished task. For display. */
export function weightedRate(windows: readonly Window[], halfLifeMs: number): number | null {
  let [ok, all] = [0, 0];
  for (const window of windows) {
    for (let age = 0; age < window.buckets && age <= window.current; age++) {
      const weight = 2 ** (-(age * window.bucketMs) / halfLifeMs);
      if (weight < WEIGHT_MIN) break;
      const slot = (window.current - age) % window.buckets;
      ok += weight * (window.ok[slot] ?? 0);
      all += weight * ((window.ok[slot] ?? 0) + (window.failed[slot] ?? 0));
    }
  }
  return all === 0 ? null : ok / all;
}
