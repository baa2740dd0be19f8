import { expect, test } from "vitest";
import { Curves } from "../../src/daemon/curves.ts";
import { daemonStatus, targetStatus } from "../support/fake-control-plane.ts";

const START_MS = Date.parse("2026-11-22T03:00:00Z");
const HOUR_MS = 3_600_000;

/** Samples every two seconds, `of` telling the memory at each. */
function curves(untilS: number, of: (second: number) => number | null, from = 0): { all: Curves; asked: () => number } {
  const all = new Curves();
  let asked = 0;
  for (let second = from; second < untilS; second += 2) {
    all.sample(START_MS + second * 1000, () => {
      asked += 1;
      return daemonStatus({ targets: [targetStatus({ id: "a:0", memory_bytes: of(second) })] });
    });
  }
  return { all, asked: () => asked };
}

test("looks at the status once in ten seconds, and gives a point for each", () => {
  const { all, asked } = curves(60, (second) => 100 + second);
  expect(asked()).toBe(6);
  const curve = all.of("a:0", { sinceWallMs: START_MS, wallMs: START_MS + 59_000 });
  expect(curve).toMatchObject({ step_s: 10, series: { memory_bytes: [100, 110, 120, 130, 140, 150] } });
  expect(curve?.at[1]).toBe(START_MS / 1000 + 10);
  expect(curve?.series["success_rate"]?.[0]).toBeCloseTo(193 / 212, 5);
});

test("what is not known is null, and a time without healer is left out", () => {
  const { all } = curves(20, () => null);
  all.sample(START_MS + 100_000, () => daemonStatus({ targets: [targetStatus({ id: "a:0", memory_bytes: 5 })] }));
  const curve = all.of("a:0", { sinceWallMs: START_MS, wallMs: START_MS + 100_000 });
  expect(curve?.series["memory_bytes"]).toEqual([null, null, 5]);
  expect(curve?.at).toHaveLength(3);
});

test("an hour is kept in steps of ten seconds and a day in steps of five minutes; what is older is gone", () => {
  const { all } = curves(26 * 3600, (second) => second);
  const wallMs = START_MS + 26 * HOUR_MS;
  const hour = all.of("a:0", { sinceWallMs: wallMs - HOUR_MS, wallMs });
  expect(hour).toMatchObject({ step_s: 10 });
  expect(hour?.at.length).toBeGreaterThan(355);
  const day = all.of("a:0", { sinceWallMs: wallMs - 30 * HOUR_MS, wallMs });
  expect(day).toMatchObject({ step_s: 300 });
  expect(day?.at).toHaveLength(287);
  expect(day?.at[0]).toBeGreaterThanOrEqual(wallMs / 1000 - 24 * 3600);
});

test("queues and GPUs have theirs, and nobody knows a stranger's", () => {
  const all = new Curves();
  const queue = { name: "llm", pending: 4, running: null, completed: 1, failed: 0, age_ms: 0, totals_only: true, poison_tasks: [] };
  all.sample(START_MS, () => daemonStatus({ queues: [queue] }));
  const span = { sinceWallMs: START_MS, wallMs: START_MS };
  expect(all.of("queue:llm", span)?.series).toEqual({ pending: [4], running: [null] });
  expect(all.of("b:0", span)).toBeNull();
});

test("is bounded: of more targets than it keeps, those gone longest go", () => {
  const all = new Curves();
  const some = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => targetStatus({ id: `${prefix}:${index}` }));
  all.sample(START_MS, () => daemonStatus({ targets: some("old", 1_000) }));
  all.sample(START_MS + 10_000, () => daemonStatus({ targets: some("new", 1_500) }));
  const span = { sinceWallMs: START_MS, wallMs: START_MS + 10_000 };
  expect(all.of("old:0", span)).toBeNull();
  expect(all.of("old:999", span)).not.toBeNull();
  expect(all.of("new:0", span)).not.toBeNull();
});
