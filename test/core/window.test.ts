import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addOutcomes,
  advanceWindow,
  allOutcomes,
  createWindow,
  loadWindow,
  outcomesWithin,
  saveWindow,
  type Outcomes,
  type SavedWindow,
  type Window,
} from "../../src/core/window.ts";
import { weightedRate } from "../../src/core/weighted-window.ts";

const SIZE = { bucketMs: 10, buckets: 6 };

interface Task {
  readonly atMs: number;
  readonly ok: number;
  readonly failed: number;
}

/** The window by its definition: every task kept, and counted again at each question. */
class Reference {
  readonly tasks: Task[] = [];
  nowMs = 0;

  count(lengthMs: number): Outcomes {
    const newest = Math.floor(this.nowMs / SIZE.bucketMs);
    const buckets = Math.ceil(lengthMs / SIZE.bucketMs);
    const inside = this.tasks.filter((task) => Math.floor(task.atMs / SIZE.bucketMs) > newest - buckets);
    return { ok: sum(inside.map((task) => task.ok)), failed: sum(inside.map((task) => task.failed)) };
  }
}

type Step =
  | { readonly name: "add"; readonly ok: number; readonly failed: number }
  | { readonly name: "wait"; readonly ms: number }
  | { readonly name: "restore" };

const STEPS: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ name: fc.constant("add" as const), ok: fc.nat(5), failed: fc.nat(5) }) },
    { weight: 4, arbitrary: fc.record({ name: fc.constant("wait" as const), ms: fc.oneof(fc.nat(15), fc.nat(150)) }) },
    { weight: 1, arbitrary: fc.constant({ name: "restore" as const }) },
  ),
  { maxLength: 60 },
);

function play(step: Step, window: Window, reference: Reference): Window {
  switch (step.name) {
    case "add":
      addOutcomes(window, reference.nowMs, step);
      reference.tasks.push({ atMs: reference.nowMs, ok: step.ok, failed: step.failed });
      return window;
    case "wait":
      reference.nowMs += step.ms;
      advanceWindow(window, reference.nowMs);
      return window;
    case "restore":
      return loadWindow(JSON.parse(JSON.stringify(saveWindow(window))) as SavedWindow, SIZE, reference.nowMs);
    default:
      step satisfies never;
      return window;
  }
}

describe("a rolling window", () => {
  it("always says what counting every task again would say, over all time, for any length and after a restore", () => {
    fc.assert(
      fc.property(STEPS, fc.integer({ min: 1, max: 80 }), (steps, lengthMs) => {
        const reference = new Reference();
        let window = createWindow(SIZE.bucketMs, SIZE.buckets, 0);
        for (const step of steps) {
          window = play(step, window, reference);
          const full = SIZE.bucketMs * SIZE.buckets;
          expect(allOutcomes(window)).toEqual(reference.count(full));
          expect(outcomesWithin(window, lengthMs)).toEqual(reference.count(Math.min(lengthMs, full)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("ignores a clock that goes back, and counts what comes then in the present", () => {
    const window = createWindow(10, 6, 1000);
    addOutcomes(window, 1000, { ok: 1, failed: 0 });
    addOutcomes(window, 900, { ok: 0, failed: 1 });
    expect(window.current).toBe(100);
    expect(allOutcomes(window)).toEqual({ ok: 1, failed: 1 });
  });

  it("forgets everything after a hole longer than itself, in as many steps as it has buckets", () => {
    const window = createWindow(10, 6, 0);
    addOutcomes(window, 5, { ok: 3, failed: 2 });
    advanceWindow(window, 10 ** 9);
    expect(allOutcomes(window)).toEqual({ ok: 0, failed: 0 });
  });

  it("counts on where a bucket holds more than sixteen bits can", () => {
    const window = createWindow(10, 6, 0);
    for (let turn = 0; turn < 3; turn++) addOutcomes(window, turn, { ok: 60_000, failed: 1 });
    expect(outcomesWithin(window, 10)).toEqual({ ok: 180_000, failed: 3 });
    advanceWindow(window, 10 ** 9);
    expect(allOutcomes(window)).toEqual({ ok: 0, failed: 0 });
  });

  it("saves an idle worker in a few bytes", () => {
    expect(JSON.stringify(saveWindow(createWindow(10_000, 360, 5_000_000))).length).toBeLessThan(60);
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe("the weighted rate", () => {
  const filled = (): Window => {
    const window = createWindow(1_000, 100, 0);
    addOutcomes(window, 500, { ok: 0, failed: 8 });
    addOutcomes(window, 10_500, { ok: 4, failed: 0 });
    return window;
  };

  it("counts a task half after each half-life", () => {
    expect(weightedRate([filled()], 10_000)).toBeCloseTo(4 / (4 + 8 / 2), 10);
    expect(weightedRate([filled()], 5_000)).toBeCloseTo(4 / (4 + 8 / 4), 10);
    expect(weightedRate([filled(), filled()], 10_000)).toBeCloseTo(0.5, 10);
  });

  it("forgets what is ten half-lives old, and is nothing where nothing was finished", () => {
    expect(weightedRate([filled()], 900)).toBe(1);
    expect(weightedRate([createWindow(1_000, 100, 0)], 900)).toBeNull();
    expect(weightedRate([], 900)).toBeNull();
  });
});
