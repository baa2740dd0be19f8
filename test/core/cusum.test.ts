import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alternativesOf, cusumThreshold, incrementsOf, nextCusum, tasksPerDay } from "../../src/core/cusum.ts";
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

describe("the two bad rates looked for", () => {
  const percent = fc.integer({ min: 1, max: 99 });

  it("share one guarantee: their weights e^-surcharge add up to 1, so their weighted sum is an e-detector", () => {
    const [poor, collapse] = alternativesOf(70, 20);
    expect(Math.exp(-poor.surcharge) + Math.exp(-collapse.surcharge)).toBeCloseTo(1, 12);
  });

  it("never grow on average at or above the required rate, whatever design effect they are divided by", () => {
    fc.assert(
      fc.property(
        percent,
        percent,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 1, max: 20, noNaN: true }),
        (theta, delta, above, effect) => {
          const rate = theta / 100 + above * (1 - theta / 100);
          for (const { increments } of alternativesOf(theta, delta)) {
            const mean = rate * Math.exp(increments.ok / effect) + (1 - rate) * Math.exp(increments.failed / effect);
            expect(mean).toBeLessThanOrEqual(1 + 1e-9);
          }
        },
      ),
    );
  });

  it("both rise with every failure and fall with every good task, the worse one by more", () => {
    fc.assert(
      fc.property(percent, percent, (theta, delta) => {
        const [poor, collapse] = alternativesOf(theta, delta).map(({ increments }) => increments);
        expect(collapse!.ok).toBeLessThan(poor!.ok);
        expect(poor!.ok).toBeLessThan(0);
        expect(collapse!.failed).toBeGreaterThan(poor!.failed);
        expect(poor!.failed).toBeGreaterThan(0);
      }),
    );
  });

  it.each([
    [20, 1.02],
    [35, 1.12],
    [50, 1.01],
  ])("need at a true %i %% at most %d times the proof a task that any test can have", (ratePercent, ratio) => {
    const rate = ratePercent / 100;
    const most = rate * Math.log(rate / 0.7) + (1 - rate) * Math.log((1 - rate) / 0.3);
    const drifts = alternativesOf(70, 20).map(({ increments: { ok, failed } }) => rate * ok + (1 - rate) * failed);
    expect(most / Math.max(...drifts)).toBeLessThanOrEqual(ratio);
  });
});

describe("the CUSUM", () => {
  it("never falls below 0 nor runs past its limit, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ ok: fc.nat(50), failed: fc.nat(50) })), (readings) => {
        let sum = 0;
        for (const reading of readings) {
          sum = nextCusum(sum, reading, { increments: INCREMENTS, limit: 13 });
          expect(sum).toBeGreaterThanOrEqual(0);
          expect(sum).toBeLessThanOrEqual(13);
        }
      }),
    );
  });

  it("takes a reading as one sum: 10 good and 10 bad tasks leave what their sum leaves, in whichever order they came", () => {
    const sum = nextCusum(0, { ok: 10, failed: 10 }, { increments: INCREMENTS, limit: 24 });
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
