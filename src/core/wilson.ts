/**
 * Wilson's score interval for a rate, without continuity correction. `n` may be fractional: time-weighted outcomes
 * come with Kish's effective count. Nothing seen (n = 0) leaves the whole interval open: 0 to 1. Nothing but
 * successes reaches 1, and nothing but failures 0, to the last digit: rounded down, 0.9999999 would be shown as 99 %.
 *
 *   (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)        Wilson 1927; decision-core §1.3
 */
export function wilsonUpper(ok: number, n: number, z: number): number {
  return n <= 0 || ok >= n ? 1 : Math.min(1, bound(ok / n, n, z));
}

export function wilsonLower(ok: number, n: number, z: number): number {
  return n <= 0 || ok <= 0 ? 0 : Math.max(0, bound(ok / n, n, -z));
}

function bound(rate: number, n: number, z: number): number {
  const share = Math.min(1, Math.max(0, rate)); // a weighted sum may be off by a rounding error
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return (share + (z * z) / (2 * n) + spread) / (1 + (z * z) / n);
}
