import { describe, expect, it } from "vitest";
import { designEffect } from "../../src/core/design-effect.ts";
import { addTasks, createTaskWindows, type TaskWindows } from "../../src/core/task-windows.ts";
import { randomFrom } from "../support/prng.ts";

const HOUR = 3_600_000;
const SEED = 5;

/** Windows after `hours` of tasks every `everyMs`. */
function after(hours: number, everyMs: number, isOk: (atMs: number) => boolean): TaskWindows {
  const windows = createTaskWindows(0);
  for (let atMs = everyMs; atMs <= hours * HOUR; atMs += everyMs) {
    const ok = isOk(atMs);
    addTasks(windows, atMs, { ok: ok ? 1 : 0, failed: ok ? 0 : 1 });
  }
  return windows;
}

function independent(rate: number, seed = SEED): () => boolean {
  const random = randomFrom(seed);
  return () => random() < rate;
}

/** Bursts of five failures on average. */
function bursty(rate: number, seed = SEED): () => boolean {
  const random = randomFrom(seed);
  let isBad = false;
  return () => {
    isBad = random() < (isBad ? 0.8 : (0.2 * (1 - rate)) / rate);
    return !isBad;
  };
}

const VOLUMES = [
  ["one a minute", 60_000],
  ["ten a minute", 6000],
  ["ten a second", 100],
] as const;

describe(`the design effect of a day (seed ${SEED})`, () => {
  for (const [volume, everyMs] of VOLUMES) {
    const hours = everyMs < 1000 ? 2 : 24;
    it.each([0.5, 0.7, 0.9, 0.97])(`stays near 1 for independent tasks at ${volume} and a rate of %d`, (rate) => {
      const { tasksAsOne, isKnown } = designEffect(after(hours, everyMs, independent(rate)));
      expect(tasksAsOne).toBeGreaterThanOrEqual(1);
      expect(tasksAsOne).toBeLessThan(everyMs === 60_000 ? 1.5 : 1.25); // a day at one a minute holds only 36 blocks
      expect(isKnown).toBe(true);
    });

    it(`finds bursts of five at ${volume}: of about 8 tasks as one, three quarters or more`, () => {
      const { tasksAsOne } = designEffect(after(hours, everyMs, bursty(0.9)));
      expect(tasksAsOne).toBeGreaterThan(4);
      expect(tasksAsOne).toBeLessThan(12);
    });
  }

  it("hardly rises for a collapse, nor for the repair after it", () => {
    const well = independent(0.97);
    const ill = independent(0.2);
    const isIll = (atMs: number): boolean => atMs > 20 * HOUR && atMs < 20.2 * HOUR;
    expect(designEffect(after(24, 6000, (atMs) => (isIll(atMs) ? ill() : well()))).tasksAsOne).toBeLessThan(1.4);
  });

  it("does not mistake a rate that changes slowly for bursts", () => {
    const random = randomFrom(SEED);
    const drifting = after(24, 6000, (atMs) => random() < 0.9 + 0.08 * Math.sin((2 * Math.PI * atMs) / (12 * HOUR)));
    expect(designEffect(drifting).tasksAsOne).toBeLessThan(1.3);
  });
});

describe("the design effect", () => {
  it("of a worker nothing is known of is 1, and not known", () => {
    expect(designEffect(createTaskWindows(0))).toEqual({ tasksAsOne: 1, isKnown: false });
  });

  it("is known of after half an hour at ten a minute, and of bursts it is no longer 1 then", () => {
    expect(designEffect(after(0.4, 6000, independent(0.97))).isKnown).toBe(false);
    const known = designEffect(after(0.6, 6000, bursty(0.8)));
    expect(known.isKnown).toBe(true);
    expect(known.tasksAsOne).toBeGreaterThan(1.2);
  });

  it("is never beyond 20, whatever the tasks do", () => {
    const alternating = after(24, 6000, (atMs) => Math.floor(atMs / 300_000) % 2 === 0);
    expect(designEffect(alternating).tasksAsOne).toBe(20);
  });

  it("of a worker that never fails, or always, is 1", () => {
    expect(designEffect(after(24, 6000, () => true))).toEqual({ tasksAsOne: 1, isKnown: true });
    expect(designEffect(after(24, 6000, () => false)).tasksAsOne).toBe(1);
  });
});
