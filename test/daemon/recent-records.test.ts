import { expect, test } from "vitest";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import { RecentRecords } from "../../src/daemon/recent-records.ts";

const START_WALL_MS = Date.UTC(2026, 10, 22);

function record(number: number): SealedRecord {
  const ts = new Date(START_WALL_MS + number * 1_000).toISOString();
  return { ts, level: "info", event: "hold", target: "app:0", strategy: "all", reason: String(number), host: "h", config: "c", v: 1 };
}

const numbers = (records: readonly SealedRecord[]): readonly number[] => records.map(({ reason }) => Number(reason));

test("the newest of the time asked for come oldest first, as many as were asked for", () => {
  const records = new RecentRecords();
  for (let number = 0; number < 10; number++) records.add(record(number));
  expect(numbers(records.since({ sinceWallMs: START_WALL_MS + 4_000, limit: 100 }))).toEqual([4, 5, 6, 7, 8, 9]);
  expect(numbers(records.since({ sinceWallMs: START_WALL_MS + 4_000, limit: 2 }))).toEqual([8, 9]);
  expect(records.since({ sinceWallMs: START_WALL_MS + 60_000, limit: 2 })).toEqual([]);
});

test("a thousand are kept, however many come", () => {
  const records = new RecentRecords();
  for (let number = 0; number < 10_000; number++) records.add(record(number));
  const kept = numbers(records.since({ sinceWallMs: 0, limit: 100_000 }));
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([1_000, 9_000, 9_999]);
});

test("who listens hears each record until he stops listening", () => {
  const records = new RecentRecords();
  const heard: number[] = [];
  const stop = records.onRecord(({ reason }) => heard.push(Number(reason)));
  records.add(record(1));
  stop();
  records.add(record(2));
  expect(heard).toEqual([1]);
});

test("what was written before is there, and nobody is told of it again", () => {
  const records = new RecentRecords();
  const heard: number[] = [];
  records.onRecord(({ reason }) => heard.push(Number(reason)));
  records.restore([record(1), record(2)]);
  records.add(record(3));
  expect(numbers(records.since({ sinceWallMs: 0, limit: 10 }))).toEqual([1, 2, 3]);
  expect(heard).toEqual([3]);
});
