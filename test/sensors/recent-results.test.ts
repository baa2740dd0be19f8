import { expect, test } from "vitest";
import { createRecentResults, type Result } from "../../src/sensors/queue/recent-results.ts";

function results(from: number, to: number): Result[] {
  return Array.from({ length: to - from }, (_, index) => ({ id: String(from + index), task: String(from + index), worker: "w", ok: true }));
}

function newResults() {
  const recent = createRecentResults();
  return { advance: (list: readonly Result[]) => recent.advance(list, 3).byWorker, forget: () => recent.forget() };
}

test("after ten thousand newer results an id may be forgotten, never while it is still listed", () => {
  const recent = newResults();
  recent.advance(results(0, 10));
  recent.advance([...results(0, 10), ...results(100, 10_000)]);
  expect(recent.advance([...results(0, 10), ...results(20_000, 29_990)])?.get("w")).toEqual({ ok: 9_990, failed: 0 });
  expect(recent.advance(results(0, 10))?.get("w")).toBeUndefined();
  recent.advance(results(30_000, 40_000));
  expect(recent.advance(results(0, 10))?.get("w")).toEqual({ ok: 10, failed: 0 });
});

test("the same id twice in one list counts once", () => {
  const recent = newResults();
  recent.advance([]);
  expect(recent.advance([...results(1, 3), ...results(1, 3)])?.get("w")).toEqual({ ok: 2, failed: 0 });
});

test("after blindness the list is a baseline again", () => {
  const recent = newResults();
  recent.advance([]);
  recent.forget();
  expect(recent.advance(results(0, 5))).toBeNull();
  expect(recent.advance(results(0, 6))?.get("w")).toEqual({ ok: 1, failed: 0 });
});
