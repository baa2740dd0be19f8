import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wilsonLower, wilsonUpper } from "../../src/core/wilson.ts";

describe("Wilson's interval", () => {
  it.each([
    // ok, n, z, lower %, upper %; 95 % values as published for 6/10, 12/20 and 30/50
    [6, 10, 1.96, 31.3, 83.2],
    [12, 20, 1.96, 38.7, 78.1],
    [30, 50, 1.96, 46.2, 72.4],
    [9, 45, 3.5, 7.0, 46.0],
    [0, 10, 1.96, 0, 27.8],
    [10, 10, 1.96, 72.2, 100],
  ])("of %i of %i at z = %d is %d to %d percent", (ok, n, z, low, high) => {
    expect(100 * wilsonLower(ok, n, z)).toBeCloseTo(low, 0);
    expect(100 * wilsonUpper(ok, n, z)).toBeCloseTo(high, 0);
  });

  it("is open from 0 to 1 where nothing was seen", () => {
    expect([wilsonLower(0, 0, 3.5), wilsonUpper(0, 0, 3.5)]).toEqual([0, 1]);
  });

  it("of nothing but successes ends at 1, and of nothing but failures at 0, to the last digit", () => {
    for (let n = 1; n <= 1000; n++) expect([wilsonUpper(n, n, 1.96), wilsonLower(0, n, 1.96)], `n=${n}`).toEqual([1, 0]);
  });

  it("contains the rate, stays within 0 and 1, and narrows with more of the same", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const ok = Math.round(n * share);
        const [low, high] = [wilsonLower(ok, n, 3.5), wilsonUpper(ok, n, 3.5)];
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low - 1e-12).toBeLessThanOrEqual(ok / n);
        expect(high + 1e-12).toBeGreaterThanOrEqual(ok / n);
        expect(wilsonUpper(10 * ok, 10 * n, 3.5) - wilsonLower(10 * ok, 10 * n, 3.5)).toBeLessThan(high - low);
      }),
    );
  });
});
