import { expect, test } from "vitest";
import { backoffMs } from "../../../src/daemon/notify/deliver.ts";

const limits = { sendTimeoutMs: 15_000, retryBaseMs: 1_000, retryMaxMs: 300_000 };

test.each([
  [1, 500, 1_000],
  [2, 1_000, 2_000],
  [5, 8_000, 16_000],
  [9, 128_000, 256_000],
  [10, 150_000, 300_000],
  [100_000, 150_000, 300_000],
])("after try %i the next one comes in %i to %i ms, by chance", (attempt, atLeast, atMost) => {
  expect(backoffMs(attempt, { limits, random: () => 0 })).toBe(atLeast);
  expect(backoffMs(attempt, { limits, random: () => 1 })).toBe(atMost);
});

test("ten minutes of a receiver that answers 500 cost a dozen tries at most, a day some three hundred to six hundred", () => {
  const triesIn = (ms: number, random: () => number): number => {
    let [tries, atMs] = [0, 0];
    for (; atMs < ms; tries++) atMs += backoffMs(tries + 1, { limits, random });
    return tries;
  };
  expect([triesIn(600_000, () => 1), triesIn(600_000, () => 0)]).toEqual([10, 12]);
  expect(triesIn(86_400_000, () => 1)).toBeGreaterThan(290);
  expect(triesIn(86_400_000, () => 0)).toBeLessThan(600);
});
