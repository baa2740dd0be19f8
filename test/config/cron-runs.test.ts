import { expect, test } from "vitest";
import { cronRuns } from "../../src/config/cron-runs.ts";

const NOON = new Date(2026, 10, 26, 12, 0, 0).getTime(); // local time, as PM2 runs its patterns

test.each<[string, number, number | null]>([
  ["0 12 * * *", NOON, NOON],
  ["0 12 * * *", NOON + 3, NOON],
  ["0 12 * * *", NOON + 59_000, NOON],
  ["*/10 * * * * *", NOON + 14_004, NOON + 10_000],
  ["0 12 * * *", NOON - 1, NOON - 24 * 3_600_000],
  ["every day", NOON, null],
])("%s was last due, of %i", (pattern, wallMs, due) => {
  const latest = cronRuns();
  expect(latest(pattern, wallMs)).toBe(due);
  expect(latest(pattern, wallMs), "kept").toBe(due);
});
