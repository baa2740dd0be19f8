import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cusumThreshold, incrementsOf, nextCusum, tasksPerDay } from "../../src/core/cusum.ts";
import { nextSprt, sprtAnswer } from "../../src/core/sprt.ts";

const INCREMENTS = incrementsOf(70, 20);

describe("the increments of the tests", () => {
  it("are -0.336 for a good task and +0.511 for a bad one at 70 % against 50 %", () => {
    expect(INCREMENTS.ok).toBeCloseTo(-0.336, 3);
    expect(INCREMENTS.failed).toBeCloseTo(0.511, 3);
  });

  it("stay finite, with a bad task always speaking against the worker, for any threshold and effect size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (theta, delta) => {
        const { ok, failed } = incrementsOf(theta, delta);
        expect(Number.isFinite(ok) && Number.isFinite(failed)).toBe(true);
        expect(ok).toBeLessThan(0);
        expect(failed).toBeGreaterThan(0);
      }),
    );
  });

  it("never make a worker at or above the required rate look worse on average than one task is worth (E[e^LLR] ≤ 1)", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (theta, delta, above) => {
          const { ok, failed } = incrementsOf(theta, delta);
          const rate = theta / 100 + above * (1 - theta / 100);
          expect(rate * Math.exp(ok) + (1 - rate) * Math.exp(failed)).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
    );
  });
});

describe("the CUSUM", () => {
  it("never falls below 0 nor runs more than 4 past its threshold, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ ok: fc.nat(50), failed: fc.nat(50) })), (readings) => {
        let sum = 0;
        for (const reading of readings) {
          sum = nextCusum(sum, reading, { increments: INCREMENTS, threshold: 9 });
          expect(sum).toBeGreaterThanOrEqual(0);
          expect(sum).toBeLessThanOrEqual(13);
        }
      }),
    );
  });

  it("takes a reading as one sum: 10 good and 10 bad tasks leave what their sum leaves, in whichever order they came", () => {
    const sum = nextCusum(0, { ok: 10, failed: 10 }, { increments: INCREMENTS, threshold: 20 });
    expect(sum).toBeCloseTo(10 * INCREMENTS.ok + 10 * INCREMENTS.failed, 9);
  });

  it.each([
    [1440, 9.57],
    [14_400, 11.88],
    [864_000, 15.97],
    [10, 7],
    [10 ** 12, 20],
  ])("at %i tasks a day demands %d, for a false heal every ten days", (perDay, threshold) => {
    expect(cusumThreshold(perDay, 0.1)).toBeCloseTo(threshold, 2);
  });
});

describe("the volume", () => {
  it.each([
    ["within the first hour never counts as less than one a minute", { count: 3, watchedMs: 600_000, lastHour: 3 }, 1440],
    ["within the first hour may count as more", { count: 100, watchedMs: 600_000, lastHour: 100 }, 14_400],
    ["of the last hour counts where it exceeds the average", { count: 100, watchedMs: 36_000_000, lastHour: 90 }, 2160],
    ["of one burst after a start is not extrapolated from less than a minute", { count: 10, watchedMs: 1000, lastHour: 10 }, 14_400],
    ["of an idle worker may be next to nothing after an hour", { count: 6, watchedMs: 86_400_000, lastHour: 0 }, 6],
  ])("%s", (_title, seen, perDay) => {
    expect(tasksPerDay(seen)).toBeCloseTo(perDay, 6);
  });
});

describe("the verdict's test", () => {
  it.each([
    [0, 9, "undecided"],
    [0, 10, "bad"],
    [14, 0, "good"],
    [13, 0, "undecided"],
    [60, 40, "undecided"],
  ] as const)("says of %i good and %i bad tasks: %s", (ok, failed, answer) => {
    expect(sprtAnswer(nextSprt(0, { ok, failed }, INCREMENTS), 4.6)).toBe(answer);
  });
});
